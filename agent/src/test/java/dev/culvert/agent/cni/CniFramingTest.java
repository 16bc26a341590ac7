package dev.culvert.agent.cni;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CniFramingTest {

    /** A request as the executable writes it. */
    static byte[] request(Map<String, String> environment, String stdin) {
        StringBuilder payload = new StringBuilder();
        environment.forEach((key, value) -> payload.append(key + "=" + value + "\0"));
        byte[] bytes = payload.append('\0').append(stdin).toString().getBytes(UTF_8);
        return ByteBuffer.allocate(8 + bytes.length)
                .put("CVR1".getBytes(UTF_8))
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static CniFraming.Message read(byte[] bytes) throws Exception {
        return CniFraming.read(new ByteArrayInputStream(bytes));
    }

    @Test
    void readsVariablesAndStdin() throws Exception {
        Map<String, String> variables =
                Map.of("CNI_COMMAND", "ADD", "CNI_ARGS", "A=1;B=2", "CNI_PATH", "");
        CniFraming.Message message = read(request(variables, "{\"a\":\0 1}"));
        assertThat(message.environment()).isEqualTo(variables);
        assertThat(message.stdin()).isEqualTo("{\"a\":\0 1}");
    }

    @Test
    void refusesARequestThatIsCutAtAnyByte() {
        byte[] whole = request(Map.of("CNI_COMMAND", "ADD"), "{}");
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> read(cut)).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void refusesAPayloadWhoseVariablesDoNotEnd() {
        byte[] payload = "CNI_COMMAND=ADD\0\0".getBytes(UTF_8);
        for (int length = 0; length < payload.length; length++) {
            byte[] cut = Arrays.copyOf(payload, length);
            assertThatThrownBy(() -> CniFraming.decode(cut))
                    .isInstanceOf(CniFraming.MalformedException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CVR2\0\0\0\0",
                "GET / HTTP/1.1",
                "CVR1\177\377\377\377",
                "CVR1\377\377\377\377"
            })
    void refusesWhatIsNoRequest(String bytes) {
        assertThatThrownBy(() -> read(bytes.getBytes(ISO_8859_1)))
                .isInstanceOf(CniFraming.MalformedException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"CNI_COMMAND\0\0", "=ADD\0\0"})
    void refusesAVariableThatIsNone(String payload) {
        assertThatThrownBy(() -> CniFraming.decode(payload.getBytes(UTF_8)))
                .isInstanceOf(CniFraming.MalformedException.class);
    }

    @Test
    void framesAnAnswer() {
        assertThat(CniFraming.answer(1, "{ü}"))
                .isEqualTo(
                        new byte[] {
                            'C',
                            'V',
                            'A',
                            '1',
                            0,
                            0,
                            0,
                            1,
                            0,
                            0,
                            0,
                            4,
                            '{',
                            (byte) 0xc3,
                            (byte) 0xbc,
                            '}'
                        });
    }
}
