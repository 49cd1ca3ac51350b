import RelayCore
import RelayPipeline

/// `GET /api/v1/config`.
package struct ConfigAnswer: Answer {
  @Field("Which configuration is active.") package var hash: String
  @Field("Since when.") package var loadedAt: Timestamp
  @Field("All of it, with its defaults, as routes.yaml has it; secrets are masked.") var configuration:
    RawJSON
  @Field("The same as YAML.") package var yaml: String
}

extension ConfigAnswer {
  init(_ running: RunningConfiguration) {
    self.init()
    hash = running.hash
    loadedAt = running.loadedAt
    configuration = RawJSON(running.tree.json)
    yaml = running.tree.yaml(saysOrigins: true)
  }
}

/// `POST /api/v1/config/diff`.
package struct ConfigDifferenceAnswer: Answer {
  package struct Difference: Record {
    @Field("The key, with those above it: `destinations.crm.retry.max_age`.") package var key: String
    @Field("What would happen to it.", .words { ConfigurationDifference.Kind.told.map(\.rawValue) })
    package var change: String
    @Field("Its value now, on one line; a secret is masked.") package var old: String?
    @Field("Its new value.") package var new: String?
    @Field("It takes effect only after a restart.") package var needsRestart: Bool
  }

  @Field("The new configuration.") package var hash: String
  @Field("The running one.") package var runningHash: String
  @Field("It would change nothing.") package var unchanged: Bool
  @Field("What would change, key by key.") package var differences: [Difference]
  @Field(
    "Keys that hold references, which are not replaced in a configuration that is handed in: not compared.")
  package var notCompared: [String]
  @Field("Keys whose change takes effect only after a restart.") package var needsRestart: [String]
  @Field("What is likely a slip in the new configuration.") package var warnings: [String]
}

extension ConfigurationDifference.Kind {
  /// What is not known is told in another place.
  fileprivate static var told: [ConfigurationDifference.Kind] { allCases.filter { $0 != .unknown } }
}

extension ConfigDifferenceAnswer {
  init(_ comparison: ConfigurationComparison) {
    self.init()
    hash = comparison.hash
    runningHash = comparison.runningHash
    unchanged = comparison.differences.isEmpty
    differences = comparison.differences.map { difference in
      Difference(difference, needsRestart: comparison.needsRestart.contains(difference.path))
    }
    notCompared = comparison.notCompared
    needsRestart = comparison.needsRestart
    warnings = comparison.warnings
  }
}

extension ConfigDifferenceAnswer.Difference {
  init(_ difference: ConfigurationDifference, needsRestart: Bool) {
    self.init()
    key = difference.path
    change = difference.kind.rawValue
    old = difference.old
    new = difference.new
    self.needsRestart = needsRestart
  }
}
