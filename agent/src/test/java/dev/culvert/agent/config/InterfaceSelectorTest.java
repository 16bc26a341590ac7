package dev.culvert.agent.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.culvert.net.IpAddresses;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InterfaceSelectorTest {

    @ParameterizedTest
    @CsvSource({
        "eth1, eth1, 192.0.2.1, true",
        "eth1, eth10, 192.0.2.1, false",
        "et.1, eth1, 192.0.2.1, false",
        "/eth[0-9]+/, eth10, 192.0.2.1, true",
        "/eth/, eth10, 192.0.2.1, false",
        "192.0.2.0/24, any, 192.0.2.7, true",
        "192.0.2.0/24, any, 192.0.3.7, false",
        "fd00::/8, any, fd12::1, true",
        "fd00::/8, any, 192.0.2.1, false",
    })
    void selectsByNameNetworkOrExpression(
            String text, String name, String address, boolean expected) {
        InterfaceSelector selector = InterfaceSelector.parse(text);

        assertThat(selector.isSet()).isTrue();
        assertThat(selector.selects(name, IpAddresses.parse(address))).isEqualTo(expected);
        assertThat(selector).isEqualTo(InterfaceSelector.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @CsvSource({"eth0", "lo"})
    void selectsNothingWhenItIsEmpty(String name) {
        assertThat(InterfaceSelector.parse("").isSet()).isFalse();
        assertThat(InterfaceSelector.NONE.selects(name, IpAddresses.parse("192.0.2.1"))).isFalse();
    }
}
