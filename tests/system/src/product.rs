use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{Operator, processes, random_tag};

/// The last line that the product prints when it is up.
const UP: &str = "Press Ctrl-C";
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// Another program may take a port that was found free.
const ATTEMPTS: usize = 3;
pub(crate) const OPERATOR: &str = "operator@example.com";

/// How a product is started.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// The binary; without it `TENANTRY_BIN`, or `tenantry` beside the running program.
    pub binary: Option<PathBuf>,
    /// The first port for instances.
    pub instance_ports: Option<u16>,
    /// More settings of `up`.
    pub arguments: Vec<String>,
}

/// Where a product is reached.
#[derive(Debug, Clone)]
pub struct Addresses {
    pub api: String,
    pub api_port: u16,
    pub edge_port: u16,
}

/// A running product with a state directory of its own. Dropping it stops it and deletes its state.
pub struct Product {
    launch: Launch,
    binary: PathBuf,
    base: PathBuf,
    child: Option<Child>,
    addresses: Addresses,
    /// From the first start: the token of the operator's set-up link.
    setup_token: Option<String>,
    operator_password: String,
}

/// A port of loopback that nobody has.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Product {
    /// Starts a product in a fresh state directory and waits until it is up.
    ///
    /// # Errors
    /// When it does not come up; with the end of its log.
    pub fn start(launch: Launch) -> Result<Self> {
        let binary = match &launch.binary {
            Some(path) => path.clone(),
            None => find_binary()?,
        };
        for name in ["TENANTRY_POSTGRES_BIN", "TENANTRY_N8N_RUNTIMES"] {
            ensure!(variable(name).is_some(), "{name} is not set: use `cargo xtask test`, `demo` or `bench`");
        }
        // Short, because a socket's path is; open, because PostgreSQL and instances have users of their own.
        let base = PathBuf::from(format!("/tmp/tenantry-sys-{}", random_tag()));
        fs::create_dir(&base).with_context(|| format!("{} cannot be made", base.display()))?;
        fs::set_permissions(&base, fs::Permissions::from_mode(0o755))?;
        let addresses = Addresses { api: String::new(), api_port: 0, edge_port: 0 };
        let operator_password = format!("correct-horse-{}", random_tag());
        let mut product =
            Self { launch, binary, base, child: None, addresses, setup_token: None, operator_password };
        let mut outcome = Ok(());
        for _ in 0..ATTEMPTS {
            let (api, edge) = (free_port()?, free_port()?);
            product.addresses =
                Addresses { api: format!("http://127.0.0.1:{api}"), api_port: api, edge_port: edge };
            outcome = product.launch();
            match &outcome {
                Err(error) if format!("{error:#}").contains("cannot listen on") => {}
                _ => break,
            }
        }
        outcome?;
        Ok(product)
    }

    /// Starts it again on the same state and ports; it must not be running. Gives the time until it was up.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> Result<Duration> {
        ensure!(self.child.is_none(), "it is running");
        let start = Instant::now();
        self.launch()?;
        Ok(start.elapsed())
    }

    /// The command that runs the product with this one's settings: for tests of start-up failures.
    pub fn command(&self, state: &Path, api_port: u16, edge_port: u16) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .arg("up")
            .arg("--state-dir")
            .arg(state)
            .args(["--listen", &format!("127.0.0.1:{api_port}")])
            .args(["--edge-listen", &format!("127.0.0.1:{edge_port}")])
            .args(&self.launch.arguments)
            .env_remove("DATABASE_URL");
        if let Some(first) = self.launch.instance_ports {
            command.args(["--instance-ports", &first.to_string()]);
        }
        command
    }

    /// Starts another node beside it: `tenantry api`, with its state and database.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn second_node(&self) -> Result<Node> {
        let port = free_port()?;
        let child = Command::new(&self.binary)
            .arg("api")
            .arg("--state-dir")
            .arg(self.state())
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .args(["--edge-listen", &format!("127.0.0.1:{}", self.addresses.edge_port)])
            .args(["--public-url", &format!("http://localhost:{}", self.addresses.api_port)])
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).create(true).open(self.log())?)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.binary.display()))?;
        let mut node = Node { child, api: format!("http://127.0.0.1:{port}") };
        let lines = read_lines(node.child.stdout.take().context("its output")?);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with(UP) => return Ok(node),
                Ok(_) => {}
                Err(_) => bail!("the second node does not come up; {}", self.log_end()),
            }
        }
    }

    fn launch(&mut self) -> Result<()> {
        let log = File::options().append(true).create(true).open(self.log())?;
        let child = self
            .command(&self.state(), self.addresses.api_port, self.addresses.edge_port)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .with_context(|| format!("{} cannot be started", self.binary.display()))?;
        let child = self.child.insert(child);
        let output = child.stdout.take().context("its output")?;
        let lines = read_lines(output);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) if line.starts_with(UP) => return Ok(()),
                Ok(line) => {
                    if let Some((_, token)) = line.split_once("#token=") {
                        self.setup_token = token.split_whitespace().next().map(str::to_owned);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    bail!("not up after {} s; {}", START_LIMIT.as_secs(), self.log_end())
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.take().map(|mut c| c.wait());
                    bail!("the product ended ({status:?}); {}", self.log_end())
                }
            }
        }
    }

    pub fn state(&self) -> PathBuf {
        self.base.join("state")
    }

    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    pub fn edge_port(&self) -> u16 {
        self.addresses.edge_port
    }

    /// What names everything that this product has on the machine.
    pub fn installation(&self) -> String {
        fs::read_to_string(self.state().join("installation")).unwrap_or_default().trim().to_owned()
    }

    /// The product's own process.
    pub fn pid(&self) -> Option<i32> {
        self.child.as_ref().and_then(|c| i32::try_from(c.id()).ok())
    }

    pub fn log(&self) -> PathBuf {
        self.base.join("product.log")
    }

    /// The last lines of its log, for messages.
    pub fn log_end(&self) -> String {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines.get(lines.len().saturating_sub(15)..).unwrap_or_default();
        format!("the end of its log:\n{}", last.join("\n"))
    }

    /// The one-time token of the operator's set-up link, once.
    ///
    /// # Errors
    /// When it was given away before.
    pub fn setup_token(&mut self) -> Result<String> {
        self.setup_token.take().context("the set-up link was used already")
    }

    /// The operator: sets the account up the first time, logs in from then on.
    ///
    /// # Errors
    /// When the product refuses it.
    pub async fn operator(&mut self) -> Result<Operator> {
        match self.setup_token.take() {
            Some(token) => {
                Operator::set_up(&self.addresses.api, &token, OPERATOR, &self.operator_password).await
            }
            None => Operator::log_in(&self.addresses.api, OPERATOR, &self.operator_password).await,
        }
    }

    /// Where the embedded PostgreSQL is reached, and the superuser's password: to compare counts.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn superuser(&self) -> Result<(PathBuf, String)> {
        let text = fs::read_to_string(self.state().join("postgres/data/postmaster.pid"))?;
        let socket = text.lines().nth(4).context("the socket's directory")?;
        let password = fs::read_to_string(self.state().join("postgres/data.password"))?;
        Ok((socket.into(), password.trim().to_owned()))
    }

    /// `SIGKILL` to the product alone: its instances and its PostgreSQL live on.
    ///
    /// # Errors
    /// When it is not running.
    pub fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("it is not running")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Ends it in order and checks that nothing of it is left running.
    ///
    /// # Errors
    /// When it does not end in time, ends badly, or leaves a process.
    pub fn stop(&mut self) -> Result<Duration> {
        let start = Instant::now();
        let status = self.terminate()?.context("it is not running")?;
        ensure!(status.success(), "it ended with {status}; {}", self.log_end());
        let left = processes::in_directory(&self.state());
        ensure!(left.is_empty(), "left running after an orderly stop: {left:?}");
        Ok(start.elapsed())
    }

    fn terminate(&mut self) -> Result<Option<ExitStatus>> {
        let Some(mut child) = self.child.take() else { return Ok(None) };
        kill(Pid::from_raw(i32::try_from(child.id())?), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(Duration::from_millis(20));
        }
        child.kill()?;
        child.wait()?;
        bail!("it did not stop in {} s; {}", STOP_LIMIT.as_secs(), self.log_end())
    }
}

/// Another node of a product. Dropping it ends it.
pub struct Node {
    child: Child,
    pub api: String,
}

impl Node {
    /// Ends it in order.
    ///
    /// # Errors
    /// When it does not end in time, or badly.
    pub fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.child.id())?), Signal::SIGTERM)?;
        let deadline = Instant::now() + STOP_LIMIT;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the second node ended with {status}");
                return Ok(());
            }
            sleep(Duration::from_millis(20));
        }
        bail!("the second node did not stop in {} s", STOP_LIMIT.as_secs())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        // A product that was killed can stop its PostgreSQL and instances only if it runs.
        let installation = self.installation();
        if self.child.is_none() && !processes::in_directory(&self.state()).is_empty() {
            let _ = self.launch();
        }
        if let Err(error) = self.terminate() {
            complain(&format!("{error:#}"));
        }
        for round in 0..50 {
            let left = processes::in_directory(&self.state());
            if left.is_empty() {
                break;
            }
            if round == 0 {
                complain(&format!("killing what an orderly stop left: {left:?}"));
            }
            for process in left {
                let _ = kill(Pid::from_raw(process.pid), Signal::SIGKILL);
            }
            sleep(Duration::from_millis(100));
        }
        processes::sweep(&installation);
        // Kept when asked for, to look into a failure.
        if variable("TENANTRY_KEEP_STATE").is_none() {
            let _ = fs::remove_dir_all(&self.base);
        }
    }
}

/// Reads to the end, so that the product never writes into a closed or full pipe.
fn read_lines(output: impl std::io::Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

fn find_binary() -> Result<PathBuf> {
    if let Some(path) = variable("TENANTRY_BIN") {
        return Ok(path.into());
    }
    let me = std::env::current_exe()?;
    // target/debug/demo, or target/debug/deps/main-….
    let beside = me.ancestors().skip(1).take(2).map(|dir| dir.join("tenantry")).find(|path| path.is_file());
    beside.context("the product's binary is not built: use `cargo xtask test`, `demo` or `bench`")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' only settings, made by xtask; there is no command line"
)]
fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name)
}

#[expect(clippy::print_stderr, reason = "a destructor cannot fail the test, but it must not be silent")]
fn complain(text: &str) {
    eprintln!("tests: {text}");
}
