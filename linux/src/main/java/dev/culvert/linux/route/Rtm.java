package dev.culvert.linux.route;

/** Numbers of {@code linux/rtnetlink.h} that several codecs use. */
final class Rtm {
    static final int NEWLINK = 16;
    static final int DELLINK = 17;
    static final int GETLINK = 18;
    static final int SETLINK = 19;
    static final int NEWADDR = 20;
    static final int DELADDR = 21;
    static final int GETADDR = 22;
    static final int NEWROUTE = 24;
    static final int DELROUTE = 25;
    static final int GETROUTE = 26;
    static final int NEWNEIGH = 28;
    static final int DELNEIGH = 29;
    static final int GETNEIGH = 30;
    static final int NEWQDISC = 36;
    static final int GETQDISC = 38;

    static final byte AF_UNSPEC = 0;
    static final byte AF_BRIDGE = 7;

    private Rtm() {}
}
