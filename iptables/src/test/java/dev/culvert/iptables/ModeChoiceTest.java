package dev.culvert.iptables;

import static dev.culvert.iptables.IptablesMode.LEGACY;
import static dev.culvert.iptables.IptablesMode.NFT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class ModeChoiceTest {
    private static final SavedRules NOTHING = SavedRules.parse("");

    private static SavedRules chains(String... names) {
        return SavedRules.parse("*mangle\n:" + String.join(" - [0:0]\n:", names) + " - [0:0]\n");
    }

    private static ModeChoice among(SavedRules nft, SavedRules legacy) throws IptablesException {
        return ModeChoice.among(Map.of(NFT, nft, LEGACY, legacy));
    }

    @Test
    void followsKubeletsHintAgainstTheNumberOfChains() throws IptablesException {
        ModeChoice choice =
                among(chains("KUBE-IPTABLES-HINT"), chains("KUBE-A", "KUBE-B", "KUBE-C"));
        assertThat(choice.mode()).isEqualTo(NFT);
        assertThat(choice.certain()).isTrue();
    }

    @Test
    void followsKubeProxy() throws IptablesException {
        ModeChoice choice = among(chains("KUBE-LEFTOVER", "CULVERT-X"), chains("KUBE-A", "KUBE-B"));
        assertThat(choice.mode()).isEqualTo(LEGACY);
        assertThat(choice.certain()).isTrue();
    }

    @Test
    void staysWhereItWasWhileKubernetesHasNoRules() throws IptablesException {
        ModeChoice choice = among(chains("DOCKER", "A", "B"), chains("CULVERT-MASQ"));
        assertThat(choice.mode()).isEqualTo(LEGACY);
        assertThat(choice.certain()).isFalse();
    }

    @Test
    void followsTheOtherRules() throws IptablesException {
        SavedRules docker = SavedRules.parse("*nat\n:DOCKER - [0:0]\n-A DOCKER -j RETURN\n");
        assertThat(among(NOTHING, docker).mode()).isEqualTo(LEGACY);
        assertThat(among(docker, NOTHING).mode()).isEqualTo(NFT);
    }

    @Test
    void takesNftIfNothingTells() throws IptablesException {
        assertThat(among(NOTHING, NOTHING).mode()).isEqualTo(NFT);
        assertThat(ModeChoice.among(Map.of(LEGACY, NOTHING)).mode()).isEqualTo(LEGACY);
    }

    @Test
    void saysWhatToInstallIfNoneWorks() {
        assertThatThrownBy(() -> ModeChoice.among(Map.of()))
                .isInstanceOf(IptablesException.class)
                .hasMessageContaining("install");
    }
}
