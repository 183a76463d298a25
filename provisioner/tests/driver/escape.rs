//! An instance is hostile code: what it tries from inside its sandbox must fail.
//!
//! Every probe runs by the same sandbox builder, user, limits and rules as n8n itself.

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tenantry_provisioner::driver::{Driver, InstanceSpec};

use crate::world::World;

const SHELL: &str = "/bin/sh";

struct Prober<'a> {
    world: &'a World,
    spec: InstanceSpec,
}

impl Prober<'_> {
    fn run(&self, program: &[&str]) -> Output {
        let output =
            self.world.driver.sandbox_command(&self.spec, program).unwrap().stdin(Stdio::null()).output();
        output.unwrap()
    }

    fn shell(&self, script: &str) -> (bool, String) {
        let output = self.run(&[SHELL, "-c", script]);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{script}: {} {}", output.status, text.trim());
        (output.status.success(), text)
    }

    /// What becomes of a connection: "connected" or an error's code.
    fn connect(&self, host: &str, port: u16) -> String {
        let script = format!(
            "const s=require('net').connect({{host:'{host}',port:{port},timeout:2000}});\
             const end=t=>{{console.log(t);process.exit()}};\
             s.on('connect',()=>end('connected'));s.on('timeout',()=>end('timeout'));s.on('error',e=>end(e.code))"
        );
        self.node(&script)
    }

    fn node(&self, script: &str) -> String {
        let node = format!("/opt/n8n/node_modules/{}/bin/node", tenantry_provisioner::n8n::NODE_PACKAGE);
        let output = self.run(&[&node, "-e", script]);
        let text =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        println!("{}: {}", script.chars().take(90).collect::<String>(), text.trim());
        text.trim().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_cannot_get_out_of_its_sandbox() {
    let world = World::new(3);
    let victim = Prober { world: &world, spec: world.spec("victim") };
    let attacker = Prober { world: &world, spec: world.spec("attacker") };
    let strict = world.driver.report().strict;

    // The sandbox works at all, and the data directory is the instance's own.
    let (good, text) = victim.shell("echo secret > /data/secret && cat /data/secret && id -u");
    assert!(good, "{text}");
    if strict {
        assert!(text.contains(&victim.spec.host_uid.to_string()), "{text}");
    }

    files(&world, &victim, &attacker, strict);
    processes(&attacker);
    ports(&victim, &attacker, strict);
    fork_bomb(&attacker);
    if strict {
        memory_hog(&attacker);
        let mut spec = world.spec("slow");
        spec.limits.cpu_millis = 200;
        cpu_hog(&Prober { world: &world, spec });
    }

    for prober in [victim, attacker] {
        world.driver.destroy(&prober.spec.reference()).await.unwrap();
    }
}

fn files(world: &World, victim: &Prober<'_>, attacker: &Prober<'_>, strict: bool) {
    let victims = world.config.state_dir.join("instances").join(&victim.spec.id);
    let path = victims.join("data/secret");
    let (good, text) = attacker.shell(&format!("cat {}", path.display()));
    assert!(!good && !text.contains("secret\n"), "inside, the other's directory is not there: {text}");
    if strict {
        // Even outside the sandbox the other's user id gets nowhere.
        let id = attacker.spec.host_uid.to_string();
        let as_attacker = |command: &str| {
            Command::new("setpriv")
                .args(["--reuid", &id, "--regid", &id, "--clear-groups", SHELL, "-c", command])
                .output()
                .unwrap()
        };
        for path in ["data", "secrets", "launch.json", "log", "usage"] {
            let target = victims.join(path);
            let output = as_attacker(&format!("ls {0} || cat {0}", target.display()));
            assert!(!output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stdout));
        }
    }
    for script in [
        "echo x > /usr/bin/evil",
        "echo x > /opt/n8n/node_modules/evil",
        "echo x > /opt/tenantry/metering-hook.cjs",
        "echo x > /etc/resolv.conf",
        "echo x > /evil",
        "rm -f /usage/executions.jsonl && ! test -e /usage/executions.jsonl",
        "mv /usage/executions.jsonl /usage/x",
        "echo x > /run/tenantry/secrets/encryption-key",
        "ls /root",
        "cat /etc/shadow",
        "mount -t tmpfs none /data",
        "touch /sys/x",
        "unshare --user --map-root-user true",
        "unshare --net true",
        "nsenter --target 1 --mount true",
    ] {
        let (good, text) = attacker.shell(script);
        assert!(!good, "{script} succeeded: {text}");
    }
    let (good, text) = attacker.shell(
        "cat /run/tenantry/secrets/encryption-key && grep -E 'Cap(Eff|Prm|Bnd)|NoNewPrivs' /proc/self/status",
    );
    assert!(good, "its own key it may read: {text}");
    assert!(text.contains("NoNewPrivs:\t1") && text.contains("CapEff:\t0000000000000000"), "{text}");
    if has(world, "cutting files short") {
        let (good, text) = attacker.shell("echo x > /usage/executions.jsonl");
        assert!(!good, "{text}");
    }
    // Appending is the hook's right, and all it needs.
    let (good, text) = attacker.shell("echo '{}' >> /usage/executions.jsonl");
    assert!(good, "{text}");
}

/// Whether this machine's Landlock has a part that came with a later kernel.
fn has(world: &World, part: &str) -> bool {
    world.driver.report().layers.iter().any(|layer| layer.name == "landlock" && layer.why.contains(part))
}

fn processes(attacker: &Prober<'_>) {
    let (_, text) = attacker.shell("ls /proc | grep -E '^[0-9]+$' | wc -l");
    assert!(text.trim().parse::<u32>().unwrap() < 8, "only its own processes are visible: {text}");
    let own = std::process::id();
    let (good, text) = attacker.shell(&format!("kill -0 {own}"));
    assert!(!good, "{text}");
    let (good, text) = attacker.shell("kill -9 -1; exit 3");
    assert!(!good, "{text}");
}

fn ports(victim: &Prober<'_>, attacker: &Prober<'_>, strict: bool) {
    let listen = |port: u16| TcpListener::bind(("127.0.0.1", port)).unwrap();
    let (_a, _b) = (listen(victim.spec.port), listen(victim.spec.broker_port));
    let _own = listen(attacker.spec.port);
    assert_eq!(attacker.connect("127.0.0.1", attacker.spec.port), "connected", "its own port it may use");
    for port in [victim.spec.port, victim.spec.broker_port] {
        let text = attacker.connect("127.0.0.1", port);
        assert_ne!(text, "connected", "another instance's port {port}");
    }
    // Listening on another's port, while that one is down, would be posing as it.
    if has(victim.world, "ports") {
        let foreign = victim.world.config.port_pool.end - 1;
        let text = attacker.node(&format!(
            "const s=require('net').createServer();s.on('error',e=>console.log(e.code));\
             s.listen({{host:'127.0.0.1',port:{foreign}}},()=>{{console.log('listening');process.exit()}})"
        ));
        assert_eq!(text, "EACCES");
    }
    if !strict {
        return;
    }
    // Any other port of this machine stands for the control plane's and the database's.
    let control_plane = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = control_plane.local_addr().unwrap().port();
    for host in ["127.0.0.1", "127.0.0.2", "::ffff:127.0.0.1"] {
        assert_ne!(attacker.connect(host, port), "connected", "{host}");
    }
    let begun = Instant::now();
    for host in ["169.254.169.254", "10.0.0.1", "192.168.1.1", "100.64.0.1"] {
        let text = attacker.connect(host, 80);
        assert!(text != "connected" && text != "timeout", "{host}: refused at once, not lost: {text}");
    }
    assert!(begun.elapsed() < Duration::from_secs(8));
    // A fixed source port must not pass for an answer.
    let text = attacker.node(&format!(
        "const s=require('net').connect({{host:'127.0.0.1',port:{port},localPort:{}}});\
         s.on('connect',()=>console.log('connected'));s.on('error',e=>console.log(e.code))",
        attacker.spec.broker_port
    ));
    assert_ne!(text, "connected");
    // Answers to others pass: an instance serves whom it cannot call.
    serves(attacker);
}

fn cpu_hog(slow: &Prober<'_>) {
    let text = slow.node(
        "const begun=Date.now();const used=process.cpuUsage();while(Date.now()-begun<2000);\
         const now=process.cpuUsage(used);console.log((now.user+now.system)/1000)",
    );
    let used_ms: f64 = text.parse().unwrap_or_else(|_| panic!("{text}"));
    assert!(used_ms < 800.0, "a fifth of one processor for two seconds, and used {used_ms} ms");
}

/// A server inside, a client outside.
fn serves(inside: &Prober<'_>) {
    let node = format!("/opt/n8n/node_modules/{}/bin/node", tenantry_provisioner::n8n::NODE_PACKAGE);
    let port = inside.spec.broker_port;
    let script = format!("require('net').createServer(s=>s.end('hello')).listen({port},'127.0.0.1')");
    let mut child =
        inside.world.driver.sandbox_command(&inside.spec, &[&node, "-e", &script]).unwrap().spawn().unwrap();
    let begun = Instant::now();
    let text = loop {
        if let Ok(mut stream) = std::net::TcpStream::connect(("127.0.0.1", port)) {
            let mut text = String::new();
            std::io::Read::read_to_string(&mut stream, &mut text).unwrap();
            break text;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "the server inside never listened");
        std::thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(text, "hello");
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGKILL).unwrap();
    child.wait().unwrap();
}

fn fork_bomb(attacker: &Prober<'_>) {
    let begun = Instant::now();
    let text = attacker.node(
        "const {spawn}=require('child_process');let made=0;for(let i=0;i<400;i++){\
         const c=spawn('/bin/sleep',['5']);c.on('error',()=>{});if(c.pid)made++}\
         console.log(made);process.exit()",
    );
    let made: u32 =
        text.lines().find_map(|line| line.trim().parse().ok()).unwrap_or_else(|| panic!("{text}"));
    assert!((20..=attacker.spec.limits.pids).contains(&made), "{made} processes");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

fn memory_hog(attacker: &Prober<'_>) {
    let output = attacker.run(&[
        &format!("/opt/n8n/node_modules/{}/bin/node", tenantry_provisioner::n8n::NODE_PACKAGE),
        "-e",
        "const a=[];for(;;){a.push(Buffer.alloc(64<<20,1));if(a.length>40){console.log('survived');break}}",
    ]);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("survived"), "2.5 GiB in a group of 1 GiB");
    assert_eq!(output.status.code(), Some(137), "ended by the memory limit, not by an error of its own");
}
