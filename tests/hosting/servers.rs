//! Real servers on free ports, configured by nothing but what `offprint hosting` prints and a
//! frame that any installation has.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::site::Site;

/// A running server, stopped at the end.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) addr: SocketAddr,
    child: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(name: &'static str, addr: SocketAddr, command: &mut Command) -> Server {
        let log = std::env::temp_dir().join(format!("offprint-{name}-{}.log", addr.port()));
        let out = fs::File::create(&log).unwrap();
        let child = command.stdout(Stdio::null()).stderr(out).spawn().expect("the server starts");
        let mut server = Server { name, addr, child };
        loop {
            if TcpStream::connect(addr).is_ok() {
                let _ = fs::remove_file(log);
                return server;
            }
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{name} ended with {status}: {}", fs::read_to_string(log).unwrap());
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// A third-party program, or a line on why it is left out. Under `OFFPRINT_REQUIRE_TOOLS` a
/// skip is a failure.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = dirs.map(|dir| dir.join(name)).find(|candidate| candidate.is_file());
    if found.is_none() {
        let required = std::env::var_os("OFFPRINT_REQUIRE_TOOLS").is_some();
        assert!(!required, "cannot be skipped: {name} is not installed");
        eprintln!("skipped: {name} is not installed");
    }
    found
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What `offprint hosting` prints for a site at `base_url`.
pub(crate) fn printed(site: &Site, arguments: &[&str], base_url: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.env_clear().arg("-C").arg(site.repo()).arg("hosting").args(arguments);
    let output = command.arg("--set").arg(format!("repository.base_url={base_url}")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn configuration(site: &Site, host: &str, addr: SocketAddr, prefix: &str) -> String {
    let listen = addr.to_string();
    printed(site, &[host, "--listen", &listen], &format!("http://{addr}{prefix}"))
}

fn check(command: &mut Command) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    // A warning is a line that an operator would have to explain to themselves.
    for word in ["[warn]", "\"level\":\"warn\"", "AH00"] {
        assert!(!text.contains(word), "{command:?}: {text}");
    }
}

fn scratch(site: &Site, name: &str) -> PathBuf {
    let dir = site.scratch().join(name);
    fs::create_dir_all(&dir).unwrap();
    dir
}

pub(crate) fn nginx(site: &Site, prefix: &str) -> Option<Server> {
    let nginx = tool("nginx")?;
    let addr = free_address();
    let dir = scratch(site, &format!("nginx{}", prefix.replace('/', "-")));
    fs::write(dir.join("offprint.conf"), configuration(site, "nginx", addr, prefix)).unwrap();
    let at = dir.display();
    let main = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log;\n\
         events {{}}\n\
         http {{ access_log off; include /etc/nginx/mime.types;\n\
         client_body_temp_path {at}; proxy_temp_path {at}; fastcgi_temp_path {at}; \
         uwsgi_temp_path {at}; scgi_temp_path {at};\n\
         include {at}/offprint.conf; }}\n"
    );
    fs::write(dir.join("nginx.conf"), main).unwrap();
    let run = || {
        let mut command = Command::new(&nginx);
        command.arg("-e").arg(dir.join("error.log")).arg("-c").arg(dir.join("nginx.conf"));
        command
    };
    check(run().arg("-t"));
    Some(Server::start("nginx", addr, &mut run()))
}

pub(crate) fn caddy(site: &Site, prefix: &str) -> Option<Server> {
    let caddy = tool("caddy")?;
    let addr = free_address();
    let dir = scratch(site, &format!("caddy{}", prefix.replace('/', "-")));
    let file = dir.join("Caddyfile");
    fs::write(&file, configuration(site, "caddy", addr, prefix)).unwrap();
    let run = |verb: &str| {
        let mut command = Command::new(&caddy);
        command.arg(verb).args(["--adapter", "caddyfile", "--config"]).arg(&file);
        command.env("CADDY_ADMIN", free_address().to_string());
        command.env("HOME", &dir).env("XDG_DATA_HOME", &dir).env("XDG_CONFIG_HOME", &dir);
        command
    };
    check(&mut run("validate"));
    check(&mut run("adapt"));
    Some(Server::start("caddy", addr, &mut run("run")))
}

pub(crate) fn apache(site: &Site, prefix: &str) -> Option<Server> {
    let apache = tool("apache2")?;
    let addr = free_address();
    let dir = scratch(site, &format!("apache{}", prefix.replace('/', "-")));
    fs::write(dir.join("site.conf"), configuration(site, "apache", addr, prefix)).unwrap();
    let modules: String =
        ["authz_core", "mime", "dir", "headers", "rewrite", "deflate", "filter", "reqtimeout"]
            .iter()
            .map(|name| {
                format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
            })
            .collect();
    let at = dir.display();
    let main = format!(
        "LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n{modules}\
         ServerName localhost\nPidFile {at}/pid\nErrorLog {at}/error.log\nDefaultRuntimeDir {at}\n\
         User nobody\nGroup nogroup\nTypesConfig /dev/null\nInclude {at}/site.conf\n"
    );
    fs::write(dir.join("apache.conf"), main).unwrap();
    let run = || {
        let mut command = Command::new(&apache);
        command.arg("-f").arg(dir.join("apache.conf"));
        command
    };
    check(run().arg("-t"));
    Some(Server::start("apache", addr, run().arg("-DFOREGROUND")))
}

pub(crate) fn serve(root: &Path) -> Server {
    let addr = free_address();
    let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
    command.arg("serve").arg(root).args(["--addr", &addr.to_string()]);
    Server::start("serve", addr, &mut command)
}
