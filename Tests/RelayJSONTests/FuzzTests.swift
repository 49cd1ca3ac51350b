import RelayTestSupport
import Foundation
import RelayJSON
import Testing

/// The scanner and Foundation's JSONSerialization, which was written by others, must agree on what is JSON.
@Suite struct FuzzTests {
  private func foundationAccepts(_ document: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed)) != nil
  }

  /// Well-formed JSON, also if it is no object.
  private func scannerAccepts(_ document: [UInt8]) -> Bool {
    let error = scanError(document)
    return error == nil || error?.code == .notAnObject
  }

  @Test func mutatedFixturesAreJudgedAsFoundationDoes() {
    var random = SplitMix64(seed: 1_562_964_573)
    let seeds = Fixture.all.map(\.bytes).filter { $0.count < 600 }
    var accepted = 0
    for _ in 0..<5000 {
      var document = seeds[random.below(seeds.count)]
      for _ in 0...random.below(3) { Mutation.apply(to: &document, &random) }
      let isAccepted = scannerAccepts(document)
      accepted += isAccepted ? 1 : 0
      if isAccepted == foundationAccepts(document) { continue }
      let isKnown = KnownDifference.explains(document) { scannerAccepts($0) && foundationAccepts($0) }
      #expect(isKnown, "\(String(decoding: document, as: UTF8.self))")
    }
    #expect(accepted > 100, "too few mutants are JSON for the test to mean much")
  }

  @Test func generatedEnvelopesAreAcceptedAndSoAreTheirSlices() throws {
    var generator = DocumentGenerator(seed: 42)
    let scanner = EnvelopeScanner(fields: FieldTree(paths: DifferentialTests.paths))
    for _ in 0..<200 {
      let document = Array(generator.envelope().utf8)
      for event in try scanner.scan(document).events {
        #expect(scanError(Array(document[event.body])) == nil)
      }
    }
  }

  @Test func mutantsNeverYieldARangeOutsideTheDocument() {
    var random = SplitMix64(seed: 7)
    var generator = DocumentGenerator(seed: 7)
    let scanner = EnvelopeScanner(fields: FieldTree(paths: DifferentialTests.paths))
    for _ in 0..<800 {
      var document = Array(generator.envelope().utf8)
      Mutation.apply(to: &document, &random)
      guard let found = try? scanner.scan(document) else { continue }
      #expect(found.events.allSatisfy { $0.body.upperBound <= document.count })
      #expect(found.fields.allSatisfy { $0.value.range.upperBound <= document.count && $0.slot < 15 })
      #expect(found.events.last.map { $0.fields.upperBound == found.fields.count } ?? found.fields.isEmpty)
    }
  }
}
