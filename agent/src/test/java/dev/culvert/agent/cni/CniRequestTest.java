package dev.culvert.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.culvert.agent.ipam.Endpoint;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class CniRequestTest {

    private static CniRequest request(Map<String, String> environment, String stdin) {
        return new CniRequest(new CniFraming.Message(environment, stdin));
    }

    private static CniRequest of(String container, String ifName) {
        return request(
                Map.of("CNI_COMMAND", "ADD", "CNI_CONTAINERID", container, "CNI_IFNAME", ifName),
                "{}");
    }

    private static CniError refusal(ThrowingCallable call) {
        CniError error = catchThrowableOfType(CniError.class, call);
        assertThat(error).isNotNull();
        return error;
    }

    @Test
    void namesTheEndpoint() throws Exception {
        assertThat(of("a-b_c.d", "net1").endpoint()).isEqualTo(new Endpoint("a-b_c.d", "net1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", "a/b", "a b", "a\n"})
    void refusesAContainerIdThatBreaksTheRule(String container) {
        CniError error = refusal(() -> of(container, "eth0").endpoint());
        assertThat(error.code()).isEqualTo(4);
        assertThat(error).hasMessageContaining("CNI_CONTAINERID");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a:b", "a b", "sixteencharacter"})
    void refusesAnInterfaceNameThatBreaksTheRule(String ifName) {
        CniError error = refusal(() -> of("id", ifName).endpoint());
        assertThat(error.code()).isEqualTo(4);
        assertThat(error).hasMessageContaining("CNI_IFNAME");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "not json | 6",
                "[] | 6",
                "'' | 6",
                "{} | 1",
                "{\"cniVersion\":\"0.2.0\"} | 1",
                "{\"cniVersion\":\"9.0.0\"} | 1",
                "{\"cniVersion\":5} | 1",
            })
    void refusesAConfigurationThatItCannotServe(String stdin, int code) {
        assertThat(refusal(() -> request(Map.of(), stdin).version()).code()).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"cniVersion\":\"1.0.0\"} | name is ''",
                "{\"cniVersion\":\"1.0.0\",\"name\":\"/x\"} | name is '/x'",
                "{\"cniVersion\":\"1.0.0\",\"name\":\"n\",\"prevResult\":{}} | first plugin",
            })
    void refusesAConfigurationThatIsWrong(String stdin, String message) {
        CniError error = refusal(() -> request(Map.of(), stdin).checkConfiguration());
        assertThat(error.code()).isEqualTo(7);
        assertThat(error).hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0 | ns/web-0",
                "K8S_POD_NAME=web-0 | ''",
                "nonsense;=;; | ''",
            })
    void readsThePodFromTheArguments(String arguments, String pod) {
        assertThat(request(Map.of("CNI_ARGS", arguments), "").pod()).isEqualTo(pod);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "K8S_POD_NAME=a;K8S_POD_UID=7f2c0b1e-90d5 | 7f2c0b1e-90d5",
                "K8S_POD_NAME=a | ''",
                "K8S_POD_UID=two words | ''",
            })
    void readsThePodsUidFromTheArguments(String arguments, String uid) {
        assertThat(request(Map.of("CNI_ARGS", arguments), "").podUid()).isEqualTo(uid);
    }

    @Test
    void answersInTheVersionOfTheConfigurationEvenIfItIsUnknown() {
        assertThat(request(Map.of(), "{\"cniVersion\":\"0.2.0\"}").answerVersion())
                .isEqualTo("0.2.0");
        assertThat(request(Map.of(), "broken").answerVersion()).isEqualTo("1.1.0");
    }
}
