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
