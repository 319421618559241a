import random
from tests.journeys.test_many_sessions import City, MANY
from tests.journeys.conftest import *
def test_mem(house):
    city = City(house, MANY)
    order = list(range(MANY))
    for r in range(6):
        city.write(order, f"w{r}"); city.wait((r+1)*MANY)
        print("round", r, city.memory/1e6, max(city.live))
        random.Random(r).shuffle(order)
