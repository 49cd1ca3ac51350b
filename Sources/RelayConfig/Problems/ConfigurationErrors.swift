/// Every error of a configuration, in the order of the file. Warnings are told once there are no errors.
public struct ConfigurationErrors: Error, Sendable {
  public var problems: [ConfigurationProblem]

  public init(problems: [ConfigurationProblem]) {
    self.problems = problems
  }
}

extension ConfigurationErrors: CustomStringConvertible {
  /// A line for each.
  public var description: String {
    problems.map(\.description).joined(separator: "\n")
  }
}
