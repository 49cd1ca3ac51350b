import RelayCore
import RelayText

/// One reading of one configuration: where problems gather, and what references and relative paths mean.
///
/// A class, so that every node can report; it lives in one call of the loader.
final class Reading {
  let file: String
  let directory: String
  let references: References
  /// What is wrong with where a store is to be, as far as only the store itself can tell, as a sentence of its own without secrets; nil:
  /// nothing. It asks nobody: no file, and no server.
  let storeProblem: @Sendable (StoreSettings.Location) -> String?
  /// What is wrong with a listener's certificate and key, as far as only a TLS library can tell; nil: nothing. It reads their files.
  let listenerProblem: @Sendable (ListenerTLS) -> String?
  /// What a TLS library has to say of a client's certificate and key.
  let inspectClient: @Sendable (ClientCertificate) -> ClientCertificate.Inspection?
  /// The wall clock's time.
  let now: Timestamp
  /// The file is JSON, or YAML that is written like it.
  var isJSON = false
  /// The variables of the environment that it has asked for.
  var variables: Set<String> = []
  /// The values that were read, by their key paths.
  var values: [String: ValueReferences.Value] = [:]
  /// The files that were read for it, by their paths.
  private(set) var files: [String: ReferencedFile] = [:]
  /// Nothing is read: what the reader asks for is recorded (`SchemaNode`), and nothing is reported.
  var isProbing = false
  private var problems: [ConfigurationProblem] = []
  private var warnings: Set<String> = []

  init(
    file: String, directory: String, references: References,
    storeProblem: @escaping @Sendable (StoreSettings.Location) -> String? = { _ in nil },
    listenerProblem: @escaping @Sendable (ListenerTLS) -> String? = { _ in nil },
    inspectClient: @escaping @Sendable (ClientCertificate) -> ClientCertificate.Inspection? = { _ in nil },
    now: Timestamp
  ) {
    self.file = file
    self.directory = directory
    self.references = references
    self.storeProblem = storeProblem
    self.listenerProblem = listenerProblem
    self.inspectClient = inspectClient
    self.now = now
  }

  func report(
    _ message: String, at location: Location, severity: ConfigurationProblem.Severity = .error
  ) {
    if isProbing { return }
    let problem = ConfigurationProblem(
      file: file, line: location.line, column: location.column, keyPath: location.keyPath, message: message,
      severity: severity)
    // A value may be read twice, and is doubtful once.
    if severity == .warning, !warnings.insert(problem.description).inserted { return }
    problems.append(problem)
  }

  /// A file that is read twice, and was replaced in between, counts as it was first: so that the next look sees another.
  func note(_ read: [ReferencedFile]) {
    for file in read {
      // It may be the listener's and another's, too.
      let isListeners = (files[file.path]?.isListeners ?? true) && file.isListeners
      files[file.path, default: file].isListeners = isListeners
    }
  }

  /// Those of one severity, in the order of the file.
  func problems(_ severity: ConfigurationProblem.Severity) -> [ConfigurationProblem] {
    // By offset too, since sorting is not promised to be stable.
    problems.enumerated().filter { $0.element.severity == severity }.sorted {
      ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
    }.map(\.element)
  }
}

@available(*, unavailable)
extension Reading: Sendable {}

/// Where something stands: in the file and among the keys.
struct Location: Hashable {
  /// From 1.
  var line: Int
  /// From 1, in Unicode scalars.
  var column: Int
  var keyPath: String

  func appending(key: String, line: Int, column: Int) -> Location {
    let key = key.isEmpty ? "\"\"" : key.printable
    return Location(line: line, column: column, keyPath: keyPath.isEmpty ? key : "\(keyPath).\(key)")
  }
}
