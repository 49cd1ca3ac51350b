import Glibc

/// From now on the calling thread gets the processor when no other wants it, or little of it.
package func giveWay() {
  // The kernel takes it as this thread's alone.
  setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
}
