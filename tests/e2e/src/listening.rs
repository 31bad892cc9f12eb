//! Whether a process listens on a port itself. That something answers there proves nothing: a port that was found free can
//! be anybody's a moment later.

use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Longer than any server takes to start on a slow machine.
const LOOKS: u32 = 3_000;
/// The state of a listening socket in `/proc/net/tcp`.
const LISTENING: &str = "0A";

/// Waits until this process listens on all of these ports. False where it ends before, as one does whose port is taken.
pub fn comes_to_listen(process: &mut Child, ports: &[u16]) -> bool {
    for _ in 0..LOOKS {
        if !matches!(process.try_wait(), Ok(None)) {
            return false;
        }
        if ports.iter().all(|port| listens(process.id(), *port)) {
            return true;
        }
        sleep(BETWEEN_LOOKS);
    }
    false
}

fn listens(process: u32, port: u16) -> bool {
    let sockets: Vec<String> =
        ["/proc/net/tcp", "/proc/net/tcp6"].into_iter().flat_map(|file| listeners(file, port)).collect();
    let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else { return false };
    open.filter_map(Result::ok)
        .filter_map(|file| fs::read_link(file.path()).ok())
        .any(|link| sockets.iter().any(|socket| link.as_os_str() == socket.as_str()))
}

/// The sockets that listen on a port, as the links in `/proc/PID/fd` name them.
fn listeners(file: &str, port: u16) -> Vec<String> {
    let table = fs::read_to_string(file).unwrap_or_default();
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.filter(|row| row.len() > 9 && row[3] == LISTENING && row[1].ends_with(&format!(":{port:04X}")))
        .map(|row| format!("socket:[{}]", row[9]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn only_who_has_the_socket_listens() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
        let port = listener.local_addr().expect("it has an address").port();
        assert!(listens(std::process::id(), port));
        let mut other = std::process::Command::new("true").spawn().expect("a program can be started");
        assert!(!comes_to_listen(&mut other, &[port]), "somebody else listens there");
        drop(listener);
        assert!(!listens(std::process::id(), port));
    }
}
