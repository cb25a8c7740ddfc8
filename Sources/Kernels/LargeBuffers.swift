internal import CKernels

/// Has the C library keep freed buffers of up to 32 MB, at most 64 MB of them at a time, for the next ones.
///
/// By default it gives buffers beyond some 128 kB back to the system, and each new one then costs a page fault for every 4 kB: a tenth of
/// the time of a service that takes a megabyte a request.
public func keepLargeBuffers() { ek_keep_large_buffers() }
