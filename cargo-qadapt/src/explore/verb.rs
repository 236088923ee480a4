//! The verb: find the project, make a sandbox, serve the page.

use std::process::{Command, ExitCode, Stdio};

use super::args::Explore;
use super::job::Jobs;
use super::project::Project;
use super::sandbox::Sandbox;
use super::server::Explorer;
use crate::error::Result;
use crate::format::output::deliver;
use crate::format::style::Color;
use crate::progress::line;

impl Explore {
    /// Runs the verb, which ends with the process.
    ///
    /// # Errors
    /// If no browser would find the page, there is no project or no sandbox here, or the port is taken.
    pub fn run(&self) -> Result<ExitCode> {
        let proxy = self.proxy()?;
        let project = Project::find(self)?;
        let sandbox = Sandbox::find(&project, !self.no_sandbox)?;
        let explorer = Explorer::listen(self.host, self.port, proxy.as_deref(), Jobs::new(project, sandbox))?;
        let address = explorer.address();
        deliver(format!("{address}\n").into_bytes(), false, None, Color::Never)?;
        if self.no_sandbox {
            line(
                "warning: snippets run without a sandbox, with all that you may do: run your own code alone",
            );
        }
        line("Open this address in a browser. Ctrl-C ends it.");
        if self.open {
            let opener =
                Command::new("xdg-open").arg(&address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            if let Err(e) = opener {
                line(&format!("warning: could not start `xdg-open`: {e}"));
            }
        }
        explorer.serve();
        Ok(ExitCode::SUCCESS)
    }
}
