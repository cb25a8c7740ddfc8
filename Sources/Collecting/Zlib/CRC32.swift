internal import CZlib

/// The CRC-32 of these bytes, as gzip computes it: finds a torn write or a flipped bit; it is no signature.
func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe UInt32(truncatingIfNeeded: crc32_z(0, buffer.baseAddress, buffer.count))
    }
}
