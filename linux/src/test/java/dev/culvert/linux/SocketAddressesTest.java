package dev.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpAddresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class SocketAddressesTest {
    @Test
    void writesSockaddrIn() {
        MemorySegment segment = allocate("192.0.2.7", 4789);

        assertThat(hex(segment)).isEqualTo("0200" + "12b5" + "c0000207" + "0000000000000000");
        assertThat(SocketAddresses.isIpv4(segment, 0)).isTrue();
    }

    @Test
    void writesSockaddrIn6() {
        MemorySegment segment = allocate("2001:db8::1", 8472);

        assertThat(hex(segment))
                .isEqualTo(
                        "0a00"
                                + "2118"
                                + "00000000"
                                + "20010db8000000000000000000000001"
                                + "00000000");
    }

    @Test
    void readsWhatItWrote() {
        InetSocketAddress address = new InetSocketAddress(IpAddresses.parse("fd00::7"), 65535);

        assertThat(SocketAddresses.read(SocketAddresses.allocate(Arena.ofAuto(), address), 0))
                .isEqualTo(address);
    }

    private static MemorySegment allocate(String address, int port) {
        return SocketAddresses.allocate(
                Arena.ofAuto(), new InetSocketAddress(IpAddresses.parse(address), port));
    }

    private static String hex(MemorySegment segment) {
        return HexFormat.of().formatHex(segment.toArray(ValueLayout.JAVA_BYTE));
    }
}
