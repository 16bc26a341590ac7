package dev.culvert.agent.ipam;

/** An address that was asked for by name cannot be had; the message is a sentence. */
public final class AddressRefusedException extends Exception {
    private final boolean taken;

    private AddressRefusedException(String message, boolean taken) {
        super(message);
        this.taken = taken;
    }

    /** The wish itself is wrong: no address of this node's pods, or two of one family. */
    static AddressRefusedException unusable(String message) {
        return new AddressRefusedException(message, false);
    }

    /** The wish is right, but somebody holds the address. */
    static AddressRefusedException taken(String message) {
        return new AddressRefusedException(message, true);
    }

    /** Whether asking again later may succeed: the address is only held by another. */
    public boolean isTaken() {
        return taken;
    }
}
