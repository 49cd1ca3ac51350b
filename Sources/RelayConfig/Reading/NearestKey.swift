import RelayCore

/// What a message says of a name that is not known.
enum NearestKey {
  /// `; did you mean 'x'?`, else what there is, else nothing.
  static func hint(for name: String, among known: [String], called what: String) -> String {
    if let question = NearestName.question(name, among: known) { return question }
    guard !known.isEmpty else { return "; there are no \(what)" }
    let shown = known.prefix(20).joined(separator: ", ")
    return "; the \(what) are: \(shown)\(known.count > 20 ? ", …" : "")"
  }
}
