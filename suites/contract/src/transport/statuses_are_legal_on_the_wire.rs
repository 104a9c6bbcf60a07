use crate::declare::requirement;
use crate::transport::replies::{self, Look};
use host::wire::Reply;
use runner::Case;
use terms::Judgement;

/// The highest code gRPC knows.
const UNAUTHENTICATED: u32 = 16;

requirement! {
    /// Statuses are legal on the wire.
    ///
    /// `grpc-status` stands once and is a number from 0 to 16. `grpc-message` is ASCII; what is not printable there, and the percent sign, is percent-encoded UTF-8. Of anything else a client makes UNKNOWN.
    ///
    /// ## How it is judged
    ///
    /// The last headers of several kinds of reply, seen without a gRPC client: health answered and refused, unknown services and methods, a request that does not parse, and for Aperio's plugins Describe and an empty Attach.
    ///
    /// ## Usual causes
    ///
    /// A code of one's own; a message put into the header as it is.
    "RPC-012", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let expected = "one grpc-status from 0 to 16, and a percent-encoded grpc-message";
    replies::each(case, expected, look).await
}

fn look(reply: &Reply) -> Look {
    let block = reply.last_block();
    let mut codes = block.get_all("grpc-status").iter();
    let Some(code) = codes.next() else {
        return Look::Aside;
    };
    let shown = code.as_bytes().escape_ascii();
    if codes.next().is_some() {
        return Look::Wrong("there are several grpc-status".to_owned());
    }
    let is_number = code.as_bytes().iter().all(u8::is_ascii_digit);
    if !is_number || reply.code().is_none_or(|code| code > UNAUTHENTICATED) {
        return Look::Wrong(format!("grpc-status is {shown}"));
    }
    match block
        .get("grpc-message")
        .map(|text| is_message(text.as_bytes()))
    {
        Some(Err(why)) => Look::Wrong(format!("grpc-message {why}")),
        Some(Ok(())) | None => Look::Fine,
    }
}

/// What keeps a client from reading the message.
fn is_message(text: &[u8]) -> Result<(), &'static str> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'%' => {
                let digits = rest.split_first_chunk::<2>();
                let value = digits.and_then(|(digits, behind)| {
                    rest = behind;
                    let digits = std::str::from_utf8(digits).ok()?;
                    let hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
                    u8::from_str_radix(digits, 16).ok().filter(|_| hex)
                });
                plain.push(value.ok_or("has a percent sign without two digits behind it")?);
            }
            b' '..=b'~' => plain.push(byte),
            _ => return Err("has bytes that are not printable ASCII"),
        }
    }
    match std::str::from_utf8(&plain) {
        Ok(_) => Ok(()),
        Err(_) => Err("is no UTF-8 once decoded"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_the_grammar_has_them() {
        assert_eq!(is_message(b""), Ok(()));
        assert_eq!(is_message(b"no such service"), Ok(()));
        assert_eq!(is_message(b"100%25 of %e2%82%AC"), Ok(()));
        for broken in [
            &b"100% "[..],
            b"%",
            b"%4",
            b"%+4",
            b"%FF",
            b"\xe2\x82\xac",
            b"a\tb",
        ] {
            assert!(is_message(broken).is_err(), "{broken:?}");
        }
    }
}
