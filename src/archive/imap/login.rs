//! Logging in with a password: once, and never in clear text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::account::Secret;
use super::error::{ImapError, said};
use super::session::{Session, is_not_now, note_list};
use crate::wire::imap::command::{Command, Unsendable};
use crate::wire::imap::response::{Code, Status, Words};

impl Session {
    /// By AUTHENTICATE PLAIN (RFC 4616), which carries any character, else by LOGIN.
    pub(super) async fn log_in(&mut self, user: &str, password: &Secret) -> Result<(), ImapError> {
        let mut listed = Vec::new();
        let answered = if self.can("AUTH=PLAIN") {
            self.authenticate(user, password.reveal(), &mut listed).await
        } else if self.can("LOGINDISABLED") {
            return Err(ImapError::NoLogin);
        } else {
            let login = Command::new("LOGIN").text(user)?.text(password.reveal())?;
            self.talk.run(&login, |response| note_list(&mut listed, response)).await
        };
        let discreet = |words: Words| Words { text: without_password(&words.text, user, password.reveal()), ..words };
        let words = match answered {
            Ok((Status::Ok, words)) => words,
            Ok((_, words)) if is_not_now(&words) => return Err(ImapError::LoginUnavailable(said(&discreet(words)))),
            Ok((_, words)) => return Err(ImapError::LoginRefused(said(&discreet(words)))),
            // In the middle of the command: that, too, is no reason to try it again.
            Err(ImapError::Refused { words, .. }) => {
                return Err(ImapError::LoginRefused(without_password(&words, user, password.reveal())));
            }
            Err(error) => return Err(error),
        };
        // Many servers can do more once someone is logged in, and say so at once.
        match words.code {
            Some(Code::Capabilities(list)) => self.capabilities = list,
            _ if !listed.is_empty() => self.capabilities = listed,
            _ => self.ask_capabilities().await?,
        }
        Ok(())
    }

    async fn authenticate(&mut self, user: &str, password: &str, listed: &mut Vec<String>) -> Result<(Status, Words), ImapError> {
        if user.contains('\0') || password.contains('\0') {
            return Err(Unsendable.into());
        }
        let response = BASE64.encode(format!("\0{user}\0{password}"));
        let command = Command::new("AUTHENTICATE PLAIN");
        // RFC 4959: what the server would only ask for goes along.
        if self.can("SASL-IR") {
            return self.talk.run(&command.word(&response), |response| note_list(listed, response)).await;
        }
        let underway = self.talk.send(&command).await?;
        self.talk.asked_on(&underway).await?;
        self.talk.send_line(&response).await?;
        self.talk.end_of(&underway, &mut |response| note_list(listed, response)).await
    }
}

/// The words of a server without the password: some repeat the command that they refuse.
fn without_password(words: &str, user: &str, password: &str) -> String {
    let response = BASE64.encode(format!("\0{user}\0{password}"));
    let quoted = password.replace('\\', "\\\\").replace('"', "\\\"");
    let forms = [response.as_str(), &quoted, password].into_iter().filter(|form| !form.is_empty());
    forms.fold(words.to_owned(), |words, form| words.replace(form, "…"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_repeats_of_a_login_is_left_out() {
        for (words, password, shown) in [
            ("no such user", "hush", "no such user"),
            ("unknown command: LOGIN me hush", "hush", "unknown command: LOGIN me …"),
            (r#"unknown command: LOGIN "me" "a\"b\\""#, r#"a"b\"#, r#"unknown command: LOGIN "me" "…""#),
            ("AUTHENTICATE PLAIN AG1lAGh1c2g= is not known", "hush", "AUTHENTICATE PLAIN … is not known"),
            ("no password", "", "no password"),
        ] {
            assert_eq!(without_password(words, "me", password), shown);
        }
    }
}
