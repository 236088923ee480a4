//! `return`, `?`, labelled breaks, and macros that hide them.

use qadapt::no_alloc;

macro_rules! give_up {
    ($value:expr) => {
        return Err($value)
    };
}

#[no_alloc]
fn search(rows: &[[u32; 2]], wanted: Option<u32>) -> Result<usize, String> {
    let Some(wanted) = wanted else {
        give_up!(String::new());
    };
    let found = 'rows: {
        for (index, row) in rows.iter().enumerate() {
            'cells: for cell in row {
                if *cell > wanted {
                    continue 'cells;
                }
                if *cell == wanted {
                    break 'rows index;
                }
            }
        }
        return Err(String::new());
    };
    u8::try_from(found).map_err(|_| String::new())?;
    Ok(found)
}

#[no_alloc]
fn option(x: Option<u32>) -> Option<u32> {
    Some(x? + 1)
}

fn main() {
    assert_eq!(search(&[[1, 2], [3, 4]], Some(4)), Ok(1));
    assert!(search(&[], Some(1)).is_err() && search(&[], None).is_err());
    assert_eq!((option(Some(1)), option(None)), (Some(2), None));
}
