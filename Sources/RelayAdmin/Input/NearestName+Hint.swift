import RelayCore

extension NearestName {
  /// `; did you mean 'x'?`, else what there is.
  static func hint(for name: String, among known: [String]) -> String {
    if let question = question(name, among: known) { return question }
    return known.isEmpty ? "; there are none here" : "; there are: \(known.joined(separator: ", "))"
  }
}
