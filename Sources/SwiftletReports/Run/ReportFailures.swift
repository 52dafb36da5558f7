import SwiftletIO

/// What goes wrong with a report. It is thrown last: it must cost neither the model nor another file of the report.
final class ReportFailures {
    private var first: (any Error)?

    /// Runs `body`, and keeps its error for the end.
    func hold(_ body: () throws -> Void) {
        do { try body() } catch { first = first ?? error }
    }

    /// Writes a file of a run's folder. One that can't be written goes away: what an earlier run has left there says
    /// nothing about this one.
    func hold(writing name: String, in folder: String, _ body: () throws -> Void) {
        hold {
            do { try body() } catch {
                RunFiles.removeStale(name, in: folder)
                throw error
            }
        }
    }

    /// Throws the first error, if there was one.
    ///
    /// - Parameter saved: what is safe all the same, as half a sentence.
    func rethrow(saved: String?) throws {
        guard let first else { return }
        let error = first as? any SwiftletError
        let message = error?.message ?? String(describing: first)
        var report = ReportError(
            .unwritten, (saved.map { "\($0), but its report is not whole: " } ?? "the report is not whole: ") + message,
            remedy: "{FineTunedModel.evaluateWithReport|swiftlet evaluate} makes a report of a saved model.",
            at: error?.location ?? ErrorLocation())
        // What helps against the cause comes first.
        report.remedy = [error?.remedy, report.remedy].compactMap(\.self).joined(separator: " ")
        report.commandLineRemedy = [error?.commandLineRemedy, report.commandLineRemedy].compactMap(\.self)
            .joined(separator: " ")
        throw report
    }
}
