import Foundation
import RelayCore
import RelayTestSupport
import Testing

@testable import RelayPipeline

/// `docs/metrics.md` lists exactly what the relay shows: each metric with its kind and its labels.
struct MetricCatalogueTests {
  private struct Row: Equatable {
    var kind: String
    var labels: Set<String>
  }

  private static let page = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../docs/metrics.md").standardizedFileURL

  /// The rows of the page's tables, by the metric's name.
  private static func listed() throws -> [String: Row] {
    var rows: [String: Row] = [:]
    for line in try String(contentsOf: page, encoding: .utf8).split(separator: "\n") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count >= 4, cells[0].hasPrefix("`") else { continue }
      let labels = cells[2].split(separator: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
      }
      let name = cells[0].replacing("`", with: "")
      #expect(rows[name] == nil, "\(name) is listed twice")
      #expect(!cells[3].isEmpty, "\(name) has no words")
      rows[name] = Row(kind: cells[1], labels: Set(labels))
    }
    return rows
  }

  /// All that can be shown, with a value for each.
  private static func shown() throws -> [String: Row] {
    let metrics = RelayMetrics(
      Configuration(
        sources: [Source(name: "huggy")],
        destinations: [Destination(name: "crm", url: Secret("http://crm.example"))],
        routes: [Route(name: "all", match: Match(), except: [], action: .drop, stop: false)]))
    _ = metrics.notices("ops")
    metrics.source("huggy").events("createdChat")
    metrics.source("huggy").accepted(at: ClockReading(steady: .second(1), wall: .second(1)))
    var readings = GaugeReadings(version: "1")
    readings.sources = [GaugeReadings.Source(name: "huggy", isSilent: true)]
    readings.destinations = [GaugeReadings.Destination(name: "crm")]
    readings.attachments.bytes = ["huggy": 1]
    readings.receivers = [NoticeStanding(name: "ops", format: .json, waiting: 1)]
    (readings.storeBytes, readings.storeLimitBytes, readings.storeLogBytes) = (1, 1, 1)
    (readings.storeReader, readings.clockOffset) = (.zero, .zero)
    (readings.isLastReloadSuccessful, readings.lastSuccessfulReload) = (true, .second(1))
    readings.nodes = .aloneServing("crm")
    let reader = try ExpositionReader(metrics.render(readings))
    return Dictionary(
      uniqueKeysWithValues: reader.kinds.map { name, kind in
        let labels = reader.series.filter { Self.family(of: $0, kind) == name }.flatMap(Self.labels)
        return (name, Row(kind: kind, labels: Set(labels).subtracting(["le"])))
      })
  }

  private static func family(of series: String, _ kind: String) -> String {
    let name = String(series.prefix { $0 != "{" })
    guard kind == "histogram" else { return name }
    for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
      return String(name.dropLast(suffix.count))
    }
    return name
  }

  private static func labels(of series: String) -> [String] {
    series.matches(of: /[{,]([a-z_]+)="/).map { String($0.1) }
  }

  @Test func thePageListsWhatTheRelayShowsAndNothingElse() throws {
    let (listed, shown) = (try Self.listed(), try Self.shown())
    #expect(Set(shown.keys).subtracting(listed.keys) == [], "not in the catalogue")
    #expect(Set(listed.keys).subtracting(shown.keys) == [], "in the catalogue alone")
    for (name, row) in shown { #expect(listed[name] == row, "\(name)") }
  }
}
