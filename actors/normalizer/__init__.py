"""From imsg's rows to the gateway's own messages: types checked, text cleaned, echoes of ours recognised."""
