import RelayJSON

/// Scans `text`, noting `paths` (dotted).
func scan(_ text: String, noting paths: [String] = [], maxEvents: Int = 10_000) throws(ScanError)
  -> ScannedEnvelope
{
  let tree = FieldTree(paths: paths.map { $0.split(separator: ".").map(String.init) })
  return try EnvelopeScanner(fields: tree, maxEvents: maxEvents).scan(Array(text.utf8))
}

/// The error that scanning `document` throws; nil if it is accepted.
func scanError(_ document: [UInt8], maxEvents: Int = 10_000) -> ScanError? {
  do throws(ScanError) {
    _ = try EnvelopeScanner(fields: FieldTree(paths: []), maxEvents: maxEvents).scan(document)
    return nil
  } catch {
    return error
  }
}

func scanError(_ text: String) -> ScanError? { scanError(Array(text.utf8)) }

/// The noted fields of one event object as `path=text`, in document order.
func notes(in event: String, paths: [String]) throws -> [String] {
  let document = #"{"messages":{"t":[\#(event)]}}"#
  let envelope = try scan(document, noting: paths)
  return envelope.fields.map { "\(paths[$0.slot])=\($0.value.text(in: Array(document.utf8)))" }
}
