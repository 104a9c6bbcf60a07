use super::STREAM_STDIO;
use super::output::outputs;
use crate::declare::requirement;
use proto::goplugin::stdio_data::Channel;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

/// What a receiver without limits of its own takes of one message, in bytes.
const LARGE: usize = 4 << 20;

requirement! {
    /// Chunks are labelled and small.
    ///
    /// A host drops a piece of output that is neither STDOUT nor STDERR. One that reaches 4 MiB is more than gRPC takes by default, and ends the stream; go-plugin itself sends 1024 bytes at most.
    ///
    /// ## How it is judged
    ///
    /// Every piece that the stdio stream carries must be labelled and below 4 MiB, in one launch in each mode, with ten light operations of an Aperio plugin. A plugin that prints nothing is not judged.
    ///
    /// ## Usual causes
    ///
    /// A channel that is left at its default, which is INVALID; a buffer that is sent whole.
    "LOG-003", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let outputs = outputs(case).await?;
    if !outputs.iter().any(|output| output.has_stdio) {
        return Ok(Verdict::not_claimed("the plugin serves no stdio"));
    }
    let pieces: Vec<_> = outputs.iter().flat_map(|output| &output.pieces).collect();
    if pieces.is_empty() {
        return Ok(Verdict::not_claimed(
            "the plugin prints nothing to its stdio stream",
        ));
    }
    let known = [Channel::Stdout as i32, Channel::Stderr as i32];
    let unlabelled = pieces
        .iter()
        .find(|piece| !known.contains(&piece.channel))
        .map(|piece| {
            Finding::new("a piece of output carries no channel of its stream; a host drops it")
                .expected("channel 1 (STDOUT) or 2 (STDERR)")
                .actual(format!("channel {}", piece.channel))
        });
    let large = pieces
        .iter()
        .find(|piece| piece.length >= LARGE)
        .map(|piece| {
            Finding::new("a piece of output is larger than gRPC takes by default")
                .expected("pieces far below 4 MiB; go-plugin sends 1024 bytes at most")
                .actual(format!("{} bytes", piece.length))
        });
    let place = || Place::Call {
        method: STREAM_STDIO.to_owned(),
    };
    Ok(Verdict::of(
        unlabelled
            .into_iter()
            .chain(large)
            .map(|finding| finding.at(place()))
            .collect(),
    ))
}
