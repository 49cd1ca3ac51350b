import RelayCore
import RelayPostgres
import RelayText
import RelayTools

/// Whether a relay could work with the database server of its store.
struct DatabaseCheck {
  let address: DatabaseAddress

  private static let subject = "store"
  private static let limit = Duration.seconds(10)
  /// Each commit takes at least as long.
  private static let slowRoundTrip = Duration.milliseconds(10)

  init(_ address: DatabaseAddress) {
    self.address = address
  }

  var check: Examination.Check {
    Examination.Check(Self.subject) { [self] in look() }
  }

  private func look() -> [Finding] {
    do throws(StoreError) {
      return Self.findings(try ServerReport(of: address, within: Self.limit), at: address.shown)
    } catch {
      return [.fail(Self.subject, "\(address.shown): \(error.message)", nil)]
    }
  }

  /// - Parameter place: Of the server, without secrets.
  static func findings(_ report: ServerReport, at place: String) -> [Finding] {
    let milliseconds = Double(report.roundTrip.microseconds) / 1_000
    let roundTrip = "a round trip takes \(milliseconds.oneDecimal) ms"
    let held =
      switch report.relays {
      case 0: report.hasStore ? "no relay holds the store" : "no store is there yet: `serve` makes it"
      default: "\(report.relays.counted("relay holds", "relays hold")) the store"
      }
    var findings = [
      Finding.ok(
        subject,
        "\(place): PostgreSQL \(report.version), database \(report.database), role \(report.role); \(held)")
    ]
    findings.append(
      report.roundTrip < slowRoundTrip
        ? .ok("database round trip", roundTrip)
        : .warn(
          "database round trip", "\(roundTrip), and each commit at least as much",
          "run the relay nearer to its database server"))
    if !report.isEncrypted && !report.isLocal {
      findings.append(
        .warn(
          subject, "the connection is not encrypted: whoever stands between reads what customers wrote",
          "add ?sslmode=verify-full to store.url, and the server's authority as sslrootcert"))
    }
    return findings + report.warnings.map { .warn(subject, $0, nil) }
  }
}

extension Double {
  fileprivate var oneDecimal: String {
    let tenths = Int((self * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
