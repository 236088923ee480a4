//! Signals, vectors and matrices.
use biquad::Biquad as _;

fn filter() -> biquad::DirectForm2Transposed<f32> {
    use biquad::*;
    DirectForm2Transposed::new(
        Coefficients::<f32>::from_params(Type::LowPass, 48_000.hz(), 1_000.hz(), Q_BUTTERWORTH_F32).unwrap(),
    )
}

cases! {
    biquad_run, Never, (filter(), [1.0; 64]) => (biquad::DirectForm2Transposed<f32>, [f32; 64]),
        |x, i| { for s in &mut x.1 { *s = x.0.run(*s); } x.1[i] as usize };
    float_functions, Never, 0.7f64 => f64,
        |x, i| {
            *x = (x.sin() + x.cos().powi(i as i32 % 5)).tanh().hypot(0.5);
            (*x * 100.0) as usize
        };
    float_parse, Never, String::from("3.14159e2,x") => String,
        |x, i| x[..9 - i % 3].parse::<f64>().map_or(0, |v| v as usize);
    mean_and_deviation, Never, vec![1.0, 4.0, 9.0] => Vec<f64>,
        |x, i| {
            let n = x.len() as f64;
            let mean = x.iter().sum::<f64>() / n;
            (x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt() as usize + i
        };
}
