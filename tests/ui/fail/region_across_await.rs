//! A guard that is open across an `.await` in a task that must be `Send`.

async fn holds() {
    let region = qadapt::Policy::new().enter();
    std::future::ready(()).await;
    drop(region);
}

fn sent(_: impl Send) {}

fn sends() {
    sent(holds());
}

fn main() {}
