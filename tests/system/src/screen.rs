use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// One line an instance: bars on a terminal, plain lines elsewhere.
pub struct Screen(Option<MultiProgress>);

/// A line of the screen.
pub struct Line {
    name: String,
    bar: Option<ProgressBar>,
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

impl Screen {
    /// The bars go to standard error, the lines to standard output.
    pub fn new() -> Self {
        let terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self(terminal.then(MultiProgress::new))
    }

    /// Adds a line.
    pub fn line(&self, name: &str) -> Line {
        let bar = self.0.as_ref().map(|all| {
            let bar = all.add(ProgressBar::new_spinner());
            bar.enable_steady_tick(Duration::from_millis(100));
            if let Ok(style) = ProgressStyle::with_template("  {spinner} {elapsed:>4} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Line { name: name.to_owned(), bar }
    }

    /// Takes the bars away; what was printed stays.
    pub fn end(&self) {
        if let Some(all) = &self.0 {
            let _ = all.clear();
        }
    }
}

impl Line {
    /// A step, so long after the start.
    #[expect(clippy::print_stdout, reason = "progress for people, where there is no terminal to draw on")]
    pub fn show(&self, after: Duration, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("  {:>6.2} s  {:<22} {text}", after.as_secs_f64(), self.name)),
            None => println!("  {:>6.2} s  {:<22} {text}", after.as_secs_f64(), self.name),
        }
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {text}", self.name));
        }
    }
}
