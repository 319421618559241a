"""What the demo's agent tells when somebody wants a story: two of them, each several messages long. Pure."""

LIGHTHOUSE = """\
The keeper of the lighthouse at Cape Anmer had one duty that stood in no book. Every evening at nine, when the lamp \
was lit and the stairs were swept, she wrote one line to the keeper across the strait and waited for one line back.

Nobody remembered who had begun it. The lines said little: fog tonight; the cat has kittens; your lamp looks tired, is \
it the wick? But they had never missed an evening, not in forty years, and that was the point of them.

One November the cable broke. She wrote her line all the same, put it into the drawer, and wrote the next one the next \
evening. The strait was black, and the other lamp turned as it always had, so she knew that somebody was there (or \
that somebody had wound the clockwork well, which is nearly the same thing).

On the ninth day a boat came with a spool of copper and two men who did not talk. They worked until dusk, hauling the \
old cable over the stern a yard at a time, looking at it as one looks at a sick animal, and setting it down again on \
the other side. They drank the coffee she brought them. They would not come in. When the lamp was lit they were still \
out there with a lantern, and when they rowed away at last the little needle on her desk moved for the first time in \
more than a week: it only said that the line was open, and who was there?

She took the nine lines from the drawer and sent them in the order in which they had been written, one after the \
other, none left out and none sent twice, although her hand was tired and the last one was already nearly true again.

Then she waited. The needle stayed still for so long that the tea went cold. And then it began to move, and it did not \
stop for an hour: nine lines came back across the water, in their order, each the answer to one of hers.

The ninth one said: so you kept yours in a drawer too. 🗼

They never spoke of it again. But from that winter on there was a second pencil beside the needle on either side of \
the strait, sharpened, in case the first one should break in the middle of a word; and on clear nights sailors told \
each other that the two lights kept time, like people who have walked together long enough to forget who is leading.
"""

CLOCKMAKER = """\
There was once a clockmaker who could not bear to be interrupted. Whenever somebody came into the shop while he was \
counting the teeth of a wheel he lost his place, began again at one, and by the evening had counted the same wheel \
nine times and finished none.

His daughter gave him a piece of chalk. Make a mark before every tooth you cut, she said. Not afterwards, when it is \
done and you are proud of it. Before.

He grumbled, but he did it. The door opened, the cat came in, the roof fell on the workbench (it was an old roof); and \
each time he wiped the dust from the wheel, found the last mark, and went on from there.

Only once was he in doubt. The chalk stood at the forty-first tooth, and he could not say whether he had cut it or had \
only been about to. So he did not guess. He did not cut it again, either, to be on the safe side: there is no safe \
side to a wheel with a tooth too many.

He carried it to the window and looked. There it was, the forty-first tooth, still bright.

He sold that clock to the town, and it hangs above the market to this day. It has been stopped by lightning, by snow, \
and once by a stork. Whoever climbs up to start it again finds a chalk mark, and never has to ask what time it was.
"""

STORIES = {"tell me a long story": LIGHTHOUSE.strip(), "tell me another one": CLOCKMAKER.strip()}
"""By what one has to say to hear them, in lower case and without the mark at the end."""
