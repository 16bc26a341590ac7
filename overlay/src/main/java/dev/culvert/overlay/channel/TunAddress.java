package dev.culvert.overlay.channel;

import java.net.SocketAddress;

/** The name of a TUN device as Netty's address of a channel. Immutable. */
public final class TunAddress extends SocketAddress {
    private final String device;

    /** The address of the device with this name. */
    public TunAddress(String device) {
        this.device = device;
    }

    /** The device's name. */
    public String device() {
        return device;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TunAddress that && device.equals(that.device);
    }

    @Override
    public int hashCode() {
        return device.hashCode();
    }

    @Override
    public String toString() {
        return "tun:" + device;
    }
}
