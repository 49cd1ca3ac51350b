/// What is kept in memory of the tables, and changes with a commit: so it succeeds or fails with that.
protocol CommitMember: AnyObject {
  /// The commit is on disk.
  func commit()
  /// It has failed, and has changed nothing.
  func rollback()
}
