package dev.culvert.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CidrTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0",
                "10.0.0.1/24",
                "10.0.0.0/33",
                "10.0.0.0/",
                "10.0.0.0/x",
                "10.0.0.0/-1",
                "host/24",
                "fd00::1/64",
                "fd00::/129",
                "/24",
                "10.0.0.0/0024"
            })
    void refusesWhatIsNoNetwork(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Cidr.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.244.1.0/24", "0.0.0.0/0", "10.1.2.3/32"})
    void printsWhatItParsed(String text) {
        assertThat(Cidr.parse(text)).hasToString(text);
    }

    @Test
    void containsAddressesOfItsFamilyOnly() {
        Cidr cidr = Cidr.parse("10.244.0.0/16");
        assertThat(cidr.contains(IpAddresses.parse("10.244.255.255"))).isTrue();
        assertThat(cidr.contains(IpAddresses.parse("10.245.0.0"))).isFalse();
        assertThat(cidr.contains(IpAddresses.parse("fd00::1"))).isFalse();
        assertThat(cidr.contains(Cidr.parse("10.244.3.0/24"))).isTrue();
        assertThat(cidr.overlaps(Cidr.parse("10.0.0.0/8"))).isTrue();
        assertThat(cidr.overlaps(Cidr.parse("fd00::/8"))).isFalse();
    }

    @Test
    void numbersItsAddresses() {
        assertThat(Cidr.parse("10.244.0.0/16").address(257))
                .isEqualTo(IpAddresses.parse("10.244.1.1"));
        assertThat(Cidr.parse("fd00::/64").address(1)).isEqualTo(IpAddresses.parse("fd00::1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "1.2.3", "256.1.1.1", "1.2.3.4.5", "::g", ":::"})
    void refusesWhatIsNoAddress(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> IpAddresses.parse(text))
                .withMessageContaining("'" + text + "'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "02:00:00:00:00", "02:00:00:00:00:0g", "020000000000"})
    void refusesWhatIsNoMac(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> MacAddress.parse(text));
    }

    @Test
    void derivesMacOfPodFromItsAddress() {
        assertThat(MacAddress.ofPod(IpAddresses.parse("10.244.1.2")))
                .hasToString("0a:58:0a:f4:01:02");
        assertThat(MacAddress.parse("0A:58:0A:F4:01:02"))
                .isEqualTo(MacAddress.ofPod(IpAddresses.parse("10.244.1.2")));
    }
}
