/// Replaces `${NAME}`, `${NAME:-default}` and `${file:PATH}` in a text; `$${` is a literal `${`.
///
/// As in a shell, the default also stands for an empty variable. What is put in is not searched again. Only a file's
/// path may hold references to variables: `${file:${CREDENTIALS_DIRECTORY}/token}`.
struct References {
  /// A key or certificate fits many times; anything larger is a mistake.
  static let largestFile = 64 << 10

  let environment: [String: String]
  let directory: String
  let resolves: Bool

  struct Replaced {
    var value = ""
    /// As `${NAME}` or `${file:PATH}`, without defaults, which may be secret.
    var references: [String] = []
    /// The variables whose defaults stand in for them, as `${NAME}`.
    var defaulted: [String] = []
    /// The variables whose values were asked for.
    var variables: Set<String> = []
    /// The files that were read.
    var files: [ReferencedFile] = []
    var isPlaceholder = false
    /// It was one reference and nothing else.
    var isWhole = false
  }

  struct Failure: Error {
    var messages: [String]
  }

  func replaced(in text: String) -> Result<Replaced, Failure> {
    var result = Replaced()
    var failures: [String] = []
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      result.value += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        result.value += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        do {
          let reference = try next(in: &rest)
          result.references.append(reference.name)
          result.isWhole = result.references.count == 1 && text.hasPrefix("${") && rest.isEmpty
          if resolves { result.value += try value(of: reference, recordedIn: &result) }
        } catch {
          failures.append(error.message)
        }
      } else {
        result.value += "$"
        rest = rest.dropFirst()
      }
    }
    result.value += rest
    result.isPlaceholder = !resolves && !result.references.isEmpty
    return failures.isEmpty ? .success(result) : .failure(Failure(messages: failures))
  }

  private enum Reference {
    case variable(String, default: String?)
    case file(String)

    var name: String {
      switch self {
      case .variable(let name, _): "${\(name)}"
      case .file(let path): "${file:\(path)}"
      }
    }
  }

  /// Takes the reference at the head of `rest`.
  private func next(in rest: inout Substring) throws(Fault) -> Reference {
    let body = rest.dropFirst(2)
    guard let end = Self.end(of: body) else {
      rest = ""
      throw Fault("a '${' is not closed; write ${NAME}, or $${ for the characters ${")
    }
    let content = body[..<end]
    rest = rest[body.index(after: end)...]
    if content.hasPrefix("file:"), content.count > 5 { return .file(String(content.dropFirst(5))) }
    let name = content.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
    let remainder = content[name.endIndex...]
    guard let first = name.first, !first.isNumber, remainder.isEmpty || remainder.hasPrefix(":-") else {
      throw Fault(
        "a reference is written ${NAME}, ${NAME:-default} or ${file:PATH}; write $${ for the characters ${")
    }
    guard !remainder.contains("${") else {
      throw Fault("the default of ${\(name)} holds another reference; they don't nest")
    }
    return .variable(String(name), default: remainder.isEmpty ? nil : String(remainder.dropFirst(2)))
  }

  /// Where the reference ends whose content `body` begins with.
  private static func end(of body: Substring) -> Substring.Index? {
    guard body.hasPrefix("file:") else { return body.firstIndex(of: "}") }
    var isInside = false
    var index = body.startIndex
    while index < body.endIndex {
      if body[index] == "}" {
        guard isInside else { return index }
        isInside = false
      } else if body[index...].hasPrefix("${") {
        isInside = true
      }
      index = body.index(after: index)
    }
    return nil
  }

  private func value(of reference: Reference, recordedIn result: inout Replaced) throws(Fault) -> String {
    switch reference {
    case .variable(let name, let fallback):
      result.variables.insert(name)
      if let value = environment[name], !value.isEmpty || fallback == nil { return value }
      guard let fallback else {
        throw Fault(
          "the environment has no \(name); set it (a running relay needs a restart to see it), "
            + "or write ${\(name):-default} or ${file:PATH}")
      }
      result.defaulted.append("${\(name)}")
      return fallback
    case .file(let path):
      let resolved = try resolved(path, recordedIn: &result)
      return try contents(of: path, named: resolved, recordedIn: &result)
    }
  }

  /// A file's path, with the variables that it holds.
  private func resolved(_ path: String, recordedIn result: inout Replaced) throws(Fault) -> String {
    var resolved = ""
    var rest = path[...]
    while let start = rest.firstRange(of: "${")?.lowerBound {
      resolved += rest[..<start]
      rest = rest[start...]
      let reference = try next(in: &rest)
      guard case .variable = reference else {
        throw Fault("${file:\(path)}: a path may hold ${NAME}, but no other file's content")
      }
      resolved += try value(of: reference, recordedIn: &result)
    }
    return resolved + rest
  }

  /// A file's text without its trailing newline.
  private func contents(
    of path: String, named resolved: String, recordedIn result: inout Replaced
  ) throws(Fault) -> String {
    let full = ConfigurationFile.path(resolved, in: directory)
    do {
      var (bytes, version) = try ConfigurationFile.contents(of: full, atMost: Self.largestFile)
      if let version { result.files.append(ReferencedFile(path: full, version: version)) }
      if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
      if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
      if let text = String(validating: bytes, as: UTF8.self) { return text }
    } catch {
      throw Fault("${file:\(path)}: \(error.message) (looked at \(full))")
    }
    throw Fault("${file:\(path)}: the file is not UTF-8 text")
  }
}
