package dev.culvert.linux.tun;

import dev.culvert.linux.Descriptor;

/**
 * One queue of a TUN device: a descriptor that reads and writes packets, each behind a virtio-net
 * header of {@link #HEADER_BYTES}. Belongs to one event loop for life.
 *
 * @param device the device's name
 * @param descriptor non-blocking, owned by the queue
 * @param features what the kernel granted
 */
public record TunQueue(String device, Descriptor descriptor, TunFeatures features)
        implements AutoCloseable {
    /** {@code sizeof(struct virtio_net_hdr)}, the device's default. */
    public static final int HEADER_BYTES = 10;

    /** Detaches the queue; a persistent device stays. */
    @Override
    public void close() {
        descriptor.close();
    }
}
