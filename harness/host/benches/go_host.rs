//! Our host and go-plugin's own, side by side on the same Go plugin:
//! `cargo bench -p host`.
//!
//! Both sides take turns, so that noise of the machine meets both; only the
//! ratios mean something: the median over the rounds, and in parentheses the
//! half of the rounds around it. A launch is everything a user waits for: from before
//! the key is made to the first healthy answer.

use futures::future::join_all;
use host::{Launch, Limits, Mode, Plugin, Session, Start};
use peers::NotBuilt;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Turns of each side.
const ROUNDS: usize = 8;
/// Launches of one turn.
const LAUNCHES: usize = 12;
/// Health checks of one turn, by the number of callers.
const CALLS: [(usize, usize); 2] = [(1, 3_000), (64, 12_000)];
/// Calls that warm up both sides, uncounted.
const WARM_UP: usize = 100;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<ExitCode, Failure> {
    let fixtures = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../fixtures");
    let peer = peers::peers()
        .into_iter()
        .find(|peer| peer.name == "go-newest")
        .ok_or("there is no newest Go plugin")?;
    let built = peer
        .build(&fixtures)
        .and_then(|()| peers::go_host(&fixtures));
    let go = match built {
        Ok(go) => go,
        Err(NotBuilt::Missing(what)) => {
            writeln!(std::io::stdout(), "not measured: {what}")?;
            return Ok(ExitCode::SUCCESS);
        }
        Err(NotBuilt::Failed(what)) => return Err(what.into()),
    };
    let command = peer.command(&fixtures);
    let (program, arguments) = command.split_first().ok_or("an empty command")?;
    let plugin = Arc::new(Plugin::new(program, arguments.iter().map(Into::into)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;

    let mut table = vec![row(["", "go-plugin", "ours", "ratio", "target"])];
    for mode in [Mode::Plain, Mode::AutoMtls] {
        let mut sides = Sides::default();
        for _ in 0..ROUNDS {
            let launches = format!("-bench-launches={LAUNCHES}");
            let seen = go_host(&go, mode, &[launches], &command)?;
            sides.go.push(number(&seen, "median_us")?);
            sides
                .ours
                .push(runtime.block_on(launches_of(&plugin, mode))?);
        }
        table.push(sides.row(&format!("{mode} launch, µs"), "≤ 1.10"));
    }
    for mode in [Mode::Plain, Mode::AutoMtls] {
        for (callers, calls) in CALLS {
            let (mut each, mut rate) = (Sides::default(), Sides::default());
            for _ in 0..ROUNDS {
                let flags = [
                    format!("-bench-rpc={calls}"),
                    format!("-parallel={callers}"),
                ];
                let seen = go_host(&go, mode, &flags, &command)?;
                each.go.push(number(&seen, "median_us")?);
                rate.go.push(number(&seen, "per_second")?);
                let (median, per_second) =
                    runtime.block_on(calls_of(&plugin, mode, callers, calls))?;
                each.ours.push(median);
                rate.ours.push(per_second);
            }
            // Side by side the rate tells: who serves one call first lets another
            // wait.
            let target = if callers == 1 { "≤ 1.00" } else { "" };
            table.push(each.row(&format!("{mode} call, {callers} at a time, µs"), target));
            table.push(rate.row(
                &format!("{mode} calls a second, {callers} at a time"),
                "≥ 1.00",
            ));
        }
    }
    host::private_dir::remove_root();
    std::io::stdout().write_all(table.concat().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// One number of each side for every round.
#[derive(Default)]
struct Sides {
    go: Vec<f64>,
    ours: Vec<f64>,
}

impl Sides {
    fn row(mut self, name: &str, target: &str) -> String {
        let mut ratios: Vec<f64> = self
            .ours
            .iter()
            .zip(&self.go)
            .map(|(ours, go)| ours / go)
            .collect();
        let middle = median(&mut ratios);
        let quarter = ratios.len() / 4;
        let (low, high) = (ratios[quarter], ratios[ratios.len() - 1 - quarter]);
        row([
            name,
            &format!("{:.0}", median(&mut self.go)),
            &format!("{:.0}", median(&mut self.ours)),
            &format!("{middle:.2} ({low:.2}-{high:.2})"),
            target,
        ])
    }
}

fn row([name, go, ours, ratio, target]: [&str; 5]) -> String {
    format!("{name:<42} {go:>10} {ours:>10} {ratio:>17} {target:>8}\n")
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What the last word of the Go host's measurement holds.
fn go_host(go: &Path, mode: Mode, flags: &[String], command: &[String]) -> Result<Value, Failure> {
    let output = Command::new(go)
        .arg(format!("-auto-mtls={}", mode == Mode::AutoMtls))
        .args(flags)
        .arg("--")
        .args(command)
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let steps = text.lines().map(serde_json::from_str::<Value>);
    for step in steps {
        let step = step?;
        if step["step"]
            .as_str()
            .is_some_and(|name| name.starts_with("bench-"))
        {
            return Ok(step["more"].clone());
        }
    }
    Err(format!("the Go host measured nothing:\n{text}").into())
}

fn number(seen: &Value, name: &str) -> Result<f64, Failure> {
    seen[name]
        .as_f64()
        .ok_or_else(|| format!("no {name} in {seen}").into())
}

async fn up(plugin: &Arc<Plugin>, mode: Mode) -> Result<Session, Failure> {
    let launch = match mode {
        Mode::Plain => Launch::default(),
        Mode::AutoMtls => Launch::auto_mtls(),
    };
    let start = Start::new(plugin, &launch, &Limits::default())
        .await?
        .map_err(|record| format!("{:?}", record.arrival))?;
    let session = start
        .connect()
        .await
        .map_err(|mut start| format!("{:?}", start.record().channel))?;
    match session.facts().first_health {
        Some(Ok(1)) => Ok(session),
        ref other => Err(format!("the first health answer is {other:?}").into()),
    }
}

async fn launches_of(plugin: &Arc<Plugin>, mode: Mode) -> Result<f64, Failure> {
    let mut took = Vec::with_capacity(LAUNCHES);
    for _ in 0..LAUNCHES {
        let from = Instant::now();
        let session = up(plugin, mode).await?;
        took.push(micros(from.elapsed()));
        session.stop().await;
    }
    Ok(median(&mut took))
}

/// The median of one call, and calls a second.
async fn calls_of(
    plugin: &Arc<Plugin>,
    mode: Mode,
    callers: usize,
    calls: usize,
) -> Result<(f64, f64), Failure> {
    let mut session = up(plugin, mode).await?;
    for _ in 0..WARM_UP {
        session.is_as_healthy().await;
    }
    let caller = session.caller();
    let from = Instant::now();
    let tasks = (0..callers).map(|_| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let mut took = Vec::with_capacity(calls / callers);
            for _ in 0..calls / callers {
                let at = Instant::now();
                let request = proto::grpc::health::v1::HealthCheckRequest {
                    service: "plugin".to_owned(),
                };
                let end = caller
                    .unary::<_, proto::grpc::health::v1::HealthCheckResponse>(
                        "grpc.health.v1.Health/Check",
                        request,
                    )
                    .await;
                if end.answer().is_none() {
                    break;
                }
                took.push(micros(at.elapsed()));
            }
            took
        })
    });
    let mut took: Vec<f64> = Vec::new();
    for one in join_all(tasks).await {
        took.extend(one?);
    }
    let elapsed = from.elapsed();
    session.stop().await;
    if took.len() != calls / callers * callers {
        return Err("a call was lost".into());
    }
    #[expect(clippy::cast_precision_loss, reason = "thousands of calls")]
    let per_second = took.len() as f64 / elapsed.as_secs_f64();
    Ok((median(&mut took), per_second))
}
