/// A location and a fault of the configuration.
///
/// Written `FILE:LINE:COLUMN: KEY.PATH: what is wrong, and what would be right`; a warning says `warning: `
/// before its key path, a suggestion `suggestion: `. A key path is the keys joined by dots; an item of a list stands by its index, from 0,
/// except a route with a valid name, which stands by it: `destinations.crm.signing_secret[1]`,
/// `routes.to-crm.match.event`, `routes[2].name`. It is empty where the fault is the file's as a whole, or
/// not yet within reach of a key.
///
/// A message never holds a secret: neither what came from a reference nor the value of a secret key.
package struct ConfigurationProblem: Error, Sendable, Equatable {
  package enum Severity: Sendable {
    /// The configuration can't be used.
    case error
    /// The configuration can be used, but hardly says what was meant.
    case warning
    /// The configuration says what was meant; there is something that its writer may want to decide.
    case suggestion
  }

  package var file: String
  /// From 1.
  package var line: Int
  /// From 1, in Unicode scalars.
  package var column: Int
  package var keyPath: String
  package var message: String
  package var severity: Severity

  package init(
    file: String, line: Int, column: Int, keyPath: String, message: String, severity: Severity = .error
  ) {
    self.file = file
    self.line = line
    self.column = column
    self.keyPath = keyPath
    self.message = message
    self.severity = severity
  }
}

extension ConfigurationProblem: CustomStringConvertible {
  package var description: String {
    let kind =
      switch severity {
      case .error: ""
      case .warning: "warning: "
      case .suggestion: "suggestion: "
      }
    let path = keyPath.isEmpty ? "" : "\(keyPath): "
    return "\(file):\(line):\(column): \(kind)\(path)\(message)"
  }
}

/// Every error of a configuration, in the order of the file. Warnings are told once there are no errors.
package struct ConfigurationErrors: Error, Sendable {
  package var problems: [ConfigurationProblem]

  package init(problems: [ConfigurationProblem]) {
    self.problems = problems
  }
}

extension ConfigurationErrors: CustomStringConvertible {
  /// A line for each.
  package var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}

/// What is wrong with a value, as the rest of a sentence that begins with the value:
/// `is not a duration; write …`. It never quotes the value.
struct Fault: Error {
  var message: String
  /// The message is a sentence of its own, and does not speak of the value.
  var isWhole = false

  init(_ message: String) {
    self.message = message
  }

  /// - Parameter message: A sentence of its own.
  static func whole(_ message: String) -> Fault {
    var fault = Fault(message)
    fault.isWhole = true
    return fault
  }
}
