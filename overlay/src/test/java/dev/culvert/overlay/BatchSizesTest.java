package dev.culvert.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BatchSizesTest {
    @ParameterizedTest
    @CsvSource({"1,0", "2,1", "3,2", "4,2", "5,3", "8,3", "9,4", "32,5", "33,6", "64,6", "65,7"})
    void aBatchIsInTheBucketOfItsPowerOfTwo(int packets, int bucket) {
        assertThat(BatchSizes.bucket(packets)).isEqualTo(bucket);
    }

    @Test
    void thereIsABucketForEveryBoundAndOneForTheRest() {
        assertThat(BatchSizes.BUCKETS).isEqualTo(BatchSizes.BOUNDS.size() + 1);
        for (int bucket = 0; bucket < BatchSizes.BOUNDS.size(); bucket++) {
            assertThat(BatchSizes.bucket(BatchSizes.BOUNDS.get(bucket))).isEqualTo(bucket);
            assertThat(BatchSizes.bucket(BatchSizes.BOUNDS.get(bucket) + 1)).isEqualTo(bucket + 1);
        }
        assertThat(BatchSizes.bucket(Integer.MAX_VALUE)).isEqualTo(BatchSizes.BUCKETS - 1);
    }
}
