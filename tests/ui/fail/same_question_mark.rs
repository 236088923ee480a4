//! `?` on an error that does not convert, and in a function that returns no `Result`.

use qadapt::no_alloc;

#[no_alloc]
fn converts(text: &str) -> Result<u32, String> {
    Ok(text.parse::<u32>()?)
}

#[no_alloc]
fn returns_nothing(text: &str) {
    text.parse::<u32>()?;
}

#[no_alloc]
async fn later(text: &str) -> Result<u32, String> {
    Ok(text.parse::<u32>()?)
}

fn main() {}
