package dev.culvert.linux.route;

import dev.culvert.net.MacAddress;
import org.jspecify.annotations.Nullable;

/**
 * What to change about a link; what is {@code null} stays as it is. Immutable: each method returns
 * a changed copy, starting from {@link #NONE}.
 *
 * @param up administrative state
 * @param mtu bytes of an IP packet
 * @param mac hardware address
 * @param masterIndex bridge to become a port of, 0 to leave it
 * @param alias free text, at most 255 bytes
 * @param transmitQueueLength packets that wait when the device is busy
 * @param gsoMaxSize bytes of the largest super-packet that the stack hands to the device
 * @param hairpin for bridge ports: whether a frame may leave where it came from
 */
public record LinkChange(
        @Nullable Boolean up,
        @Nullable Integer mtu,
        @Nullable MacAddress mac,
        @Nullable Integer masterIndex,
        @Nullable String alias,
        @Nullable Integer transmitQueueLength,
        @Nullable Integer gsoMaxSize,
        @Nullable Boolean hairpin) {

    /** Changes nothing. */
    public static final LinkChange NONE =
            new LinkChange(null, null, null, null, null, null, null, null);

    /** With this administrative state. */
    public LinkChange withUp(boolean value) {
        return new LinkChange(
                value, mtu, mac, masterIndex, alias, transmitQueueLength, gsoMaxSize, hairpin);
    }

    /** With this MTU. */
    public LinkChange withMtu(int value) {
        return new LinkChange(
                up, value, mac, masterIndex, alias, transmitQueueLength, gsoMaxSize, hairpin);
    }

    /** With this hardware address. */
    public LinkChange withMac(MacAddress value) {
        return new LinkChange(
                up, mtu, value, masterIndex, alias, transmitQueueLength, gsoMaxSize, hairpin);
    }

    /** As a port of this bridge. */
    public LinkChange withMaster(int value) {
        return new LinkChange(up, mtu, mac, value, alias, transmitQueueLength, gsoMaxSize, hairpin);
    }

    /** With this alias. */
    public LinkChange withAlias(String value) {
        return new LinkChange(
                up, mtu, mac, masterIndex, value, transmitQueueLength, gsoMaxSize, hairpin);
    }

    /** With this queue length. */
    public LinkChange withTransmitQueueLength(int value) {
        return new LinkChange(up, mtu, mac, masterIndex, alias, value, gsoMaxSize, hairpin);
    }

    /** With this limit for super-packets. */
    public LinkChange withGsoMaxSize(int value) {
        return new LinkChange(
                up, mtu, mac, masterIndex, alias, transmitQueueLength, value, hairpin);
    }

    /** With this hairpin mode. */
    public LinkChange withHairpin(boolean value) {
        return new LinkChange(
                up, mtu, mac, masterIndex, alias, transmitQueueLength, gsoMaxSize, value);
    }
}
