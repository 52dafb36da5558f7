import SwiftletIO

extension HubClient {
    /// The error that an answer stands for; `nil` for 2xx and 3xx.
    ///
    /// The Hub says in `X-Error-Code` what exactly is missing; without it a 404 of a file and of a repository look alike.
    func failure(of answer: Answer, _ what: String) -> HubError? {
        guard answer.head.status >= 400 || answer.head.status < 200 else { return nil }
        var error = explanation(of: answer, what)
        error.status = answer.head.status
        return error
    }

    private func explanation(of answer: Answer, _ what: String) -> HubError {
        let head = answer.head
        let said = detail(answer)
        let tokenRemedy =
            settings.token == nil
            ? "If it is private or gated, set HF_TOKEN to a token that may read it."
            : "Check that the token may access it."
        switch (head["X-Error-Code"], head.status) {
        case ("RepoNotFound", _):
            return HubError(
                .noRepository, "the Hub has no repository for \(what)\(said)",
                remedy: "Check the name and the kind. \(tokenRemedy)")
        case ("RevisionNotFound", _):
            return HubError(
                .noRevision, "the Hub has no such revision of \(what)\(said)",
                remedy: "Check the branch, tag or commit.")
        case ("EntryNotFound", _):
            return HubError(.noFile, "the Hub has no \(what)\(said)", remedy: "Check the file's name and the revision.")
        case ("GatedRepo", _):
            return HubError(
                .notAllowed, "access to \(what) is granted by its owners only\(said)",
                remedy: "Accept the conditions on its page, then use a token of that account (HF_TOKEN).")
        case (_, 401):
            // Also the answer for a repository that does not exist, when nobody is logged in.
            return HubError(
                .notAllowed, "the Hub does not show \(what) without a valid token\(said)",
                remedy: "Check the name. \(tokenRemedy)")
        case (_, 403):
            return HubError(.notAllowed, "the Hub does not allow access to \(what)\(said)", remedy: tokenRemedy)
        case (_, 404):
            return HubError(
                .noRepository, "the Hub does not know \(what)\(said)", remedy: "Check the name. \(tokenRemedy)")
        case (_, 409), (_, 412):
            return HubError(
                .badArgument, "\(what) conflicts with what the Hub has\(said)",
                remedy: "Somebody else may have changed it; look and try again.")
        case (_, let status) where Self.passingStatuses.contains(status):
            return HubError(
                .busy, "the Hub answers \(what) with status \(status)\(said)",
                remedy: "Run again later; what has arrived is kept.")
        case (_, let status):
            return HubError(
                .badAnswer, "the Hub answers \(what) with status \(status)\(said)",
                remedy: "Run again later; if it stays so, check HF_ENDPOINT and any proxy.",
                at: ErrorLocation(option: "HF_ENDPOINT"))
        }
    }

    /// What a failed request's body or header says, with the token taken out should a server echo it.
    private func detail(_ answer: Answer) -> String {
        var text = answer.head["X-Error-Message"]
        if text == nil, let json = try? answer.json("an error") {
            text = json["error"]?.string ?? json["message"]?.string
        }
        guard let text, !text.isEmpty else { return "" }
        let line = String(String.UnicodeScalarView(text.unicodeScalars.prefix(300))).shown()
        return ": " + (settings.token?.redacted(line) ?? line)
    }

    func unreachable(_ url: HTTPAddress, _ what: String, _ error: TransportError) -> HubError {
        HubError(
            .unreachable, "can't get \(what) from \(url.shown): \(error.reason)",
            remedy: "Check the connection, and HF_ENDPOINT if it is set; what has arrived is kept for the next run.",
            at: ErrorLocation(option: "HF_ENDPOINT"))
    }
}
