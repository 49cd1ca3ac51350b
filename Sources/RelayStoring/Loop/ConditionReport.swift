import RelayCore

/// Tells the observer how the store is, at the start and when that has changed.
struct ConditionReport {
  private let observer: (any StoreObserver)?
  private var told: StoreCondition?

  init(observer: (any StoreObserver)?) {
    self.observer = observer
  }

  mutating func update(_ condition: @autoclosure () -> StoreCondition) {
    guard let observer else { return }
    let condition = condition()
    guard condition != told else { return }
    told = condition
    observer.storeConditionChanged(condition)
  }
}
