//! A runtime's attribute that stands first has made the runtime part of the body.

#[tokio::test]
#[qadapt::allocate_panic]
async fn protected() {}

#[tokio::test(flavor = "current_thread")]
#[qadapt::count_alloc]
async fn counted() {}

use tokio::test as renamed;

#[renamed]
#[qadapt::permit_alloc]
async fn permitted() {}

#[qadapt::allocate_panic]
#[tokio::test]
async fn above() {}

#[tokio::main(flavor = "current_thread")]
#[qadapt::no_alloc]
async fn main() {}
