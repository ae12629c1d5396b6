//! What a build costs: wall and CPU time by stage, peak memory. Reported, never in an output.

use std::collections::BTreeMap;
use std::fs;
use std::time::Instant;

use serde::Serialize;

/// Seconds of one stage.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Seconds {
    /// Elapsed time.
    pub wall: f64,
    /// User and system time of all threads; 0 where the system does not tell.
    pub cpu: f64,
}

/// A stopwatch with named stages.
#[derive(Debug)]
pub(super) struct Meter {
    wall: Instant,
    cpu: f64,
    stages: BTreeMap<&'static str, Seconds>,
}

impl Meter {
    pub(super) fn start() -> Meter {
        Meter { wall: Instant::now(), cpu: cpu_seconds(), stages: BTreeMap::new() }
    }

    /// Books the time since the last call on `stage`.
    pub(super) fn lap(&mut self, stage: &'static str) {
        let (wall, cpu) = (Instant::now(), cpu_seconds());
        let seconds = self.stages.entry(stage).or_default();
        seconds.wall += (wall - self.wall).as_secs_f64();
        seconds.cpu += cpu - self.cpu;
        (self.wall, self.cpu) = (wall, cpu);
    }

    /// All stages and their sum under `total`.
    pub(super) fn finish(mut self) -> BTreeMap<&'static str, Seconds> {
        let total = self.stages.values().fold(Seconds::default(), |sum, seconds| Seconds {
            wall: sum.wall + seconds.wall,
            cpu: sum.cpu + seconds.cpu,
        });
        self.stages.insert("total", total);
        self.stages
    }
}

/// User and system time of this process so far, from `/proc/self/stat` (proc(5): fields 14
/// and 15, in ticks of 1/100 s, which is fixed for user space on Linux).
pub fn cpu_seconds() -> f64 {
    let Ok(stat) = fs::read_to_string("/proc/self/stat") else { return 0.0 };
    // The second field is the program name in parentheses and may hold spaces.
    let Some((_, rest)) = stat.rsplit_once(") ") else { return 0.0 };
    let ticks = rest.split(' ').skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

/// Peak resident memory of this process in bytes (`VmHWM`), 0 where the system does not tell.
pub fn peak_rss_bytes() -> u64 {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")).and_then(|n| n.parse().ok());
    kib.unwrap_or(0_u64) * 1024
}

#[cfg(test)]
mod tests {
    use super::{Meter, cpu_seconds, peak_rss_bytes};

    #[test]
    fn stages_add_up() {
        let mut meter = Meter::start();
        meter.lap("one");
        meter.lap("two");
        meter.lap("one");
        let stages = meter.finish();
        assert_eq!(stages.keys().copied().collect::<Vec<_>>(), ["one", "total", "two"]);
        let sum = stages["one"].wall + stages["two"].wall;
        assert!((stages["total"].wall - sum).abs() < 1e-9);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_time_and_memory() {
        assert!(cpu_seconds() >= 0.0);
        assert!(peak_rss_bytes() > 1024 * 1024);
    }
}
