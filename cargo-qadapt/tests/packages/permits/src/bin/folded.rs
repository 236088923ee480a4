//! Functions of equal code with regions of different extent.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    let (mut bytes, mut words, mut doubles, mut quads) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    undescribed::a_behind(&mut bytes);
    undescribed::b_inside(&mut bytes);
    undescribed::b_behind(&mut words);
    undescribed::a_inside(&mut words);
    undescribed::d_behind(&mut doubles);
    undescribed::c_inside(&mut doubles);
    undescribed::c_behind(&mut quads);
    undescribed::d_inside(&mut quads);
    println!("{}", bytes.len() + words.len() + doubles.len() + quads.len());
}
